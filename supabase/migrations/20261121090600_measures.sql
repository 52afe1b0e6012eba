-- Measures: counts advanced by what is new, never recomputed from history.

create table public.touch_rollups (
    day date not null,
    channel text not null,
    metric text not null,
    hour int not null,
    zone text not null,
    region text not null,
    industry text not null,
    source text not null,
    script_key text not null,
    script_hash text not null,
    n bigint not null,
    primary key (day, channel, metric, hour, zone, region, industry, source, script_key, script_hash)
);

create function public.count_touch(o public.touches, metric text) returns void
language sql
set search_path = public, pg_temp
as $$
    insert into touch_rollups as r (day, channel, metric, hour, zone, region, industry, source, script_key, script_hash, n)
    values (o.day, o.channel, metric, coalesce(o.hour, -1), coalesce(o.zone, ''), coalesce(o.region, ''),
            coalesce(o.industry, ''), coalesce(o.source, ''), o.script_key, coalesce(o.script_hash, ''), 1)
    on conflict on constraint touch_rollups_pkey do update set n = r.n + 1
$$;

create function public.count_milestones() returns trigger
language plpgsql
set search_path = public, pg_temp
as $$
begin
    if old.delivered_at is null and new.delivered_at is not null then perform count_touch(new, 'delivered'); end if;
    if old.answered_at is null and new.answered_at is not null then perform count_touch(new, 'answered'); end if;
    if old.dm_contact_at is null and new.dm_contact_at is not null then perform count_touch(new, 'dm_contact'); end if;
    if old.conversation_at is null and new.conversation_at is not null then perform count_touch(new, 'conversation'); end if;
    if old.replied_at is null and new.replied_at is not null then perform count_touch(new, 'replied'); end if;
    if old.positive_at is null and new.positive_at is not null then perform count_touch(new, 'positive'); end if;
    if old.booked_at is null and new.booked_at is not null then perform count_touch(new, 'booked'); end if;
    if old.bounced_at is null and new.bounced_at is not null then perform count_touch(new, 'bounced'); end if;
    if old.complained_at is null and new.complained_at is not null then perform count_touch(new, 'complained'); end if;
    if old.opted_out_at is null and new.opted_out_at is not null then perform count_touch(new, 'opted_out'); end if;
    return new;
end
$$;
create trigger milestones_are_counted_once after update on public.touches
for each row execute function public.count_milestones();

create function public.count_sent() returns trigger
language plpgsql
set search_path = public, pg_temp
as $$
begin
    if new.kind = 'touch' and old.accepted_at is null and new.accepted_at is not null then
        perform count_touch(o, 'sent') from touches o where o.id = new.id;
    end if;
    return new;
end
$$;
create trigger sends_are_counted_once after update on public.deliveries
for each row execute function public.count_sent();

create table public.daily_metrics (
    day date not null,
    channel text not null,
    metric text not null,
    n bigint not null,
    final boolean not null default false,
    updated_at timestamptz not null,
    primary key (day, channel, metric)
);

-- Bring the days up to `upto` up to date; a figure is final once its window (days after the touch) has passed.
create function public.roll_up_days_v1(upto date, window_days jsonb) returns jsonb
language plpgsql
set search_path = public, pg_temp
as $$
declare n int;
begin
    insert into daily_metrics as m (day, channel, metric, n, final, updated_at)
    select r.day, r.channel, r.metric, sum(r.n), false, loop_now() from touch_rollups r
    where r.day <= upto
        and not exists (select from daily_metrics f
                        where f.day = r.day and f.channel = r.channel and f.metric = r.metric and f.final)
    group by 1, 2, 3
    on conflict on constraint daily_metrics_pkey do update set n = excluded.n, updated_at = excluded.updated_at
    where m.n <> excluded.n;
    get diagnostics n = row_count;
    update daily_metrics m set final = true
    where not m.final and m.day + coalesce((window_days ->> m.metric)::int, 14) < upto;
    return jsonb_build_object('figures', n);
end
$$;

create function public.daily_metrics_v1(since date, upto date) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(to_jsonb(m) - 'updated_at' order by m.day, m.channel, m.metric), '[]')
    from daily_metrics m where m.day between since and upto
$$;

-- Per channel and metric: today's count, and what the trailing days had.
create function public.funnel_v1(today date, baseline_days int) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(to_jsonb(x) order by x.channel, x.metric), '[]') from (
        select r.channel, r.metric,
               coalesce(sum(r.n) filter (where r.day = today), 0) as n,
               coalesce(sum(r.n) filter (where r.day < today), 0) as baseline_n,
               count(distinct r.day) filter (where r.day < today) as baseline_days
        from touch_rollups r where r.day between today - baseline_days and today
        group by r.channel, r.metric) x
$$;

create function public.sent_by_day_v1(since date, upto date) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(to_jsonb(x) order by x.day, x.channel, x.metric), '[]') from (
        select r.day, r.channel, r.metric, sum(r.n) as n from touch_rollups r
        where r.day between since and upto group by 1, 2, 3) x
$$;

-- Who was not contacted in this span, by the last reason given; whoever was reached after all does not count.
create function public.not_contacted_v1(since timestamptz, upto timestamptz) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_object_agg(y.code, y.n), '{}') from (
        select x.code, count(*) as n from (
            select distinct on (k.delivery_id) k.delivery_id, k.code from delivery_transitions k
            join deliveries d on d.id = k.delivery_id
            where k.at >= since and k.at < upto and k.code is not null and d.kind = 'touch'
                and k.to_state in ('planned', 'refused')
                and (d.submitted_at is null or d.submitted_at < since or d.submitted_at >= upto)
            order by k.delivery_id asc, k.id desc) x
        group by x.code) y
$$;

-- People, not touches.
create function public.contacted_people_v1(since timestamptz, upto timestamptz) returns int
language sql stable
set search_path = public, pg_temp
as $$
    select count(distinct o.lead_id)::int from touches o join deliveries d on d.id = o.id
    where d.submitted_at >= since and d.submitted_at < upto and d.accepted_at is not null
$$;

create function public.dispositions_v1(today date) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(to_jsonb(x) order by x.channel, x.n desc, x.disposition), '[]') from (
        select o.channel, o.disposition, count(*) as n from touches o
        where o.day = today and o.disposition is not null group by 1, 2) x
$$;

create function public.planned_today_v1(today date) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_object_agg(x.channel, x.n), '{}') from (
        select o.channel, count(*) as n from touches o where o.day = today group by o.channel) x
$$;

create function public.zones_open_v1(upto timestamptz) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(to_jsonb(x) order by x.closes_at, x.zone), '[]') from (
        select coalesce(o.zone, '') as zone, count(*) as due, max(o.window_closes_at) as closes_at
        from touches o join deliveries d on d.id = o.id
        where d.state = 'planned' and d.due_at <= upto and o.window_closes_at > loop_now() group by 1) x
$$;

-- Whom the owner should answer: positive replies, questions, call-back wishes and fresh meetings not yet handled.
create function public.hot_leads_v1(since timestamptz, max_rows int) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(to_jsonb(y) order by y.at desc, y.lead_id), '[]') from (
        select x.* from (
            select distinct on (l.id) l.id as lead_id, concat_ws(' ', l.first_name, l.last_name) as name, c.name as company,
                   h.channel, h.wish, h.words, h.at, l.email,
                   (select p.number from phones p where p.lead_id = l.id order by p.label, p.number limit 1) as phone,
                   m.starts_at as meeting_at, coalesce(m.clashes, false) as meeting_clashes
            from (
                select m.lead_id, m.channel, m.reply_class as wish, left(m.body, 400) as words, m.at from messages m
                where m.direction = 'in' and m.handled_at is null and m.at >= since
                    and m.reply_class in ('positive', 'question', 'callback')
                union all
                select o.lead_id, o.channel, o.disposition, null, d.closed_at from touches o join deliveries d on d.id = o.id
                where o.disposition = 'callback' and d.closed_at >= since
                union all
                select m.lead_id, coalesce(o.channel, 'email'), 'meeting', null, m.booked_at
                from meetings m left join touches o on o.id = m.touch_id
                where m.state = 'booked' and m.booked_at >= since and coalesce(m.starts_at > loop_now(), true)) h
            join leads l on l.id = h.lead_id left join companies c on c.id = l.company_id
            left join lateral (select * from meetings b where b.lead_id = l.id and b.state = 'booked'
                               order by b.id desc limit 1) m on true
            -- Whoever opted out and then booked wants that meeting, and nothing else.
            where h.wish = 'meeting' or l.id not in (select suppressed_leads())
            order by l.id asc, h.at desc) x
        order by x.at desc, x.lead_id asc limit max_rows) y
$$;

create function public.open_deliveries_v1(max_rows int) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(to_jsonb(x) order by x.submitted_at, x.id), '[]') from (
        select d.id, d.channel, d.state, d.submitted_at, d.parked_owner from deliveries d
        where d.state in ('unknown', 'parked') order by d.submitted_at, d.id limit max_rows) x
$$;

create function public.spend_v1(since timestamptz, upto timestamptz) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select jsonb_build_object(
        'by_channel', coalesce((select jsonb_object_agg(x.channel, x.usd) from (
            select o.channel, round(coalesce(sum(o.cost_usd), 0), 2) as usd from touches o join deliveries d on d.id = o.id
            where d.submitted_at >= since and d.submitted_at < upto group by o.channel) x), '{}'),
        'lookups_usd', (select round(coalesce(sum(p.lookup_price_usd), 0), 2) from phones p
            where p.looked_up_at >= since and p.looked_up_at < upto),
        'without_consent', (select count(*) from touches o join deliveries d on d.id = o.id
            where d.submitted_at >= since and d.submitted_at < upto and o.channel in ('call', 'sms') and o.consent_id is null))
$$;

-- The whole account in counts, for the end of a run and `status`. `refused` counts every touch that was ever refused
-- by its last reason, those that went out after all included.
create function public.ledger_summary_v1() returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select jsonb_build_object(
        'planned', (select count(*) from touches),
        'states', (select coalesce(jsonb_object_agg(x.state, x.n), '{}') from (
            select state, count(*) as n from deliveries where kind = 'touch' group by state) x),
        'refused', (select coalesce(jsonb_object_agg(x.code, x.n), '{}') from (
            select y.code, count(*) as n from (
                select distinct on (k.delivery_id) k.code from delivery_transitions k join deliveries d on d.id = k.delivery_id
                where d.kind = 'touch' and k.code is not null and k.to_state in ('planned', 'refused')
                order by k.delivery_id asc, k.id desc) y
            group by y.code) x),
        'outcomes', (select coalesce(jsonb_object_agg(x.disposition, x.n), '{}') from (
            select disposition, count(*) as n from touches where disposition is not null group by disposition) x),
        'milestones', (select coalesce(jsonb_object_agg(x.channel, x.counts), '{}') from (
            select y.channel, jsonb_object_agg(y.metric, y.n) as counts from (
                select channel, metric, sum(n) as n from touch_rollups group by 1, 2) y group by y.channel) x))
$$;

do $$
declare t record;
begin
    for t in select tablename from pg_tables where schemaname = 'public' loop
        execute format('alter table public.%I enable row level security', t.tablename);
    end loop;
end
$$;
revoke all on all tables in schema public from public, anon, authenticated;
revoke all on all sequences in schema public from public, anon, authenticated;
revoke all on all functions in schema public from public, anon, authenticated;
grant all on all tables in schema public to service_role;
grant all on all sequences in schema public to service_role;
grant execute on all functions in schema public to service_role;
notify pgrst, 'reload schema';
