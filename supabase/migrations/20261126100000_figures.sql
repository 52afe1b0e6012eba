-- Figures: counts by segment, day and hour, and one way to read them. Advanced by what is new, never recomputed from history.

-- Bands of company size, as reply statistics group them.
create function public.size_band(employees int) returns text
language sql immutable
set search_path = public, pg_temp
as $$
    select case when employees is null then '' when employees <= 10 then '1-10' when employees <= 50 then '11-50'
                when employees <= 200 then '51-200' when employees <= 1000 then '201-1000' else '1001-' end
$$;

-- Kept with the touch as industry and region are: what is learned later of a company moves no figure from one segment to another.
alter table public.touches add column size text;
create function public.keep_size() returns trigger
language plpgsql
set search_path = public, pg_temp
as $$
begin
    new.size := coalesce((select size_band(c.employees) from companies c where c.id = new.company_id), '');
    return new;
end
$$;
create trigger a_touch_keeps_the_size_of_its_company before insert on public.touches
for each row execute function public.keep_size();

-- What was counted before this release stays as it is, with neither arm nor size.
alter table public.touch_rollups add column arm text not null default '';
alter table public.touch_rollups add column size text not null default '';
alter table public.touch_rollups drop constraint touch_rollups_pkey;
alter table public.touch_rollups add constraint touch_rollups_pkey
primary key (day, channel, metric, hour, zone, region, industry, source, script_key, script_hash, arm, size);

-- One company, one outcome: when it was first contacted (on a channel, and on any), and what it has reached since.
-- `reached` holds each metric once, however often it happened, `at_first` what the first touch itself brought: outcomes of one hour
-- or one text, each company once. The segment is that of the first touch.
create table public.first_contacts (
    unit text not null,
    channel text not null,
    touch_id uuid not null references public.touches,
    day date not null,
    hour int,
    zone text,
    region text,
    industry text,
    source text,
    script_key text not null,
    script_hash text,
    arm text,
    size text,
    reached text[] not null,
    at_first text[] not null,
    primary key (unit, channel),
    constraint a_first_contact_is_on_a_channel_or_on_any check (channel in ('call', 'email', 'sms', 'any'))
);
create index first_contacts_of_day on public.first_contacts (day);

create function public.reached_by(o public.touches) returns text[]
language sql immutable
set search_path = public, pg_temp
as $$
    select array_remove(array[
        case when o.delivered_at is not null then 'delivered' end, case when o.answered_at is not null then 'answered' end,
        case when o.dm_contact_at is not null then 'dm_contact' end, case when o.conversation_at is not null then 'conversation' end,
        case when o.replied_at is not null then 'replied' end, case when o.positive_at is not null then 'positive' end,
        case when o.booked_at is not null then 'booked' end, case when o.bounced_at is not null then 'bounced' end,
        case when o.complained_at is not null then 'complained' end, case when o.opted_out_at is not null then 'opted_out' end
    ], null)
$$;

-- A provider's first word of a touch may be its answer, so the first contact starts with what is known by then.
create function public.note_company(o public.touches, metric text) returns void
language plpgsql
set search_path = public, pg_temp
as $$
begin
    if metric = 'sent' and o.purpose = 'prospect' then
        insert into first_contacts (unit, channel, touch_id, day, hour, zone, region, industry, source, script_key, script_hash, arm,
                                    size, reached, at_first)
        select unit_of(o.company_id, o.lead_id), x.channel, o.id, o.day, o.hour, o.zone, o.region, o.industry, o.source, o.script_key,
               o.script_hash, o.arm, o.size, array['sent'] || reached_by(o), array['sent'] || reached_by(o)
        from unnest(array['any', o.channel]) x(channel)
        on conflict on constraint first_contacts_pkey do nothing;
    end if;
    update first_contacts f
    set reached = case when metric = any(f.reached) then f.reached else f.reached || metric end,
        at_first = case when f.touch_id = o.id then f.at_first || metric else f.at_first end
    where f.unit = unit_of(o.company_id, o.lead_id) and f.channel in ('any', o.channel)
        and not metric = any(case when f.touch_id = o.id then f.at_first else f.reached end);
end
$$;

create or replace function public.count_touch(o public.touches, metric text) returns void
language sql
set search_path = public, pg_temp
as $$
    insert into touch_rollups as r (day, channel, metric, hour, zone, region, industry, source, script_key, script_hash, arm, size, n)
    values (o.day, o.channel, metric, coalesce(o.hour, -1), coalesce(o.zone, ''), coalesce(o.region, ''),
            coalesce(o.industry, ''), coalesce(o.source, ''), o.script_key, coalesce(o.script_hash, ''), coalesce(o.arm, ''),
            coalesce(o.size, ''), 1)
    on conflict on constraint touch_rollups_pkey do update set n = r.n + 1;
    select note_company(o, metric);
$$;

-- A meeting that took place counts for the touch that brought it.
create function public.count_held() returns trigger
language plpgsql
set search_path = public, pg_temp
as $$
begin
    perform count_touch(o, 'held') from touches o where o.id = new.touch_id;
    return new;
end
$$;
create trigger meetings_held_are_counted_once after update of state on public.meetings
for each row when (new.state = 'held' and old.state <> 'held') execute function public.count_held();

do $$
begin
    insert into public.first_contacts (unit, channel, touch_id, day, hour, zone, region, industry, source, script_key, script_hash, arm,
                                       size, reached, at_first)
    select distinct on (s.unit, s.contacted_on) s.unit, s.contacted_on, s.id, s.day, s.hour, s.zone, s.region, s.industry, s.source, s.script_key,
           s.script_hash, s.arm, s.size, s.reached, s.at_first
    from (
        select o.*, array['sent'] || public.reached_by(o) as at_first, public.unit_of(o.company_id, o.lead_id) as unit, x.channel as contacted_on, d.accepted_at,
               array(select 'sent' union
                     select unnest(public.reached_by(p)) from public.touches p
                     where (p.company_id = o.company_id or o.company_id is null and p.lead_id = o.lead_id)
                         and x.channel in ('any', p.channel)) as reached
        from public.touches o join public.deliveries d on d.id = o.id
        cross join lateral unnest(array['any', o.channel]) x(channel)
        where d.accepted_at is not null and o.purpose = 'prospect') s
    order by s.unit, s.contacted_on, s.accepted_at, s.id;
end
$$;

create view public.touch_facts with (security_invoker = true) as
select
    r.channel,
    r.script_key as script,
    r.script_hash as version,
    r.arm,
    r.industry,
    r.size,
    r.region,
    r.zone,
    r.source,
    r.day as at,
    r.metric,
    r.n,
    r.day::text as day,
    to_char(r.day, 'ID') as weekday,
    case when r.hour < 0 then '' else lpad(r.hour::text, 2, '0') end as hour
from public.touch_rollups as r;

-- A company stands where its first contact stood.
create view public.company_facts with (security_invoker = true) as
select
    f.channel,
    f.script_key as script,
    f.day as at,
    c.counts,
    m.metric,
    1::bigint as n,
    f.day::text as day,
    to_char(f.day, 'ID') as weekday,
    coalesce(lpad(f.hour::text, 2, '0'), '') as hour,
    coalesce(f.script_hash, '') as version,
    coalesce(f.arm, '') as arm,
    coalesce(f.industry, '') as industry,
    coalesce(f.size, '') as size,
    coalesce(f.region, '') as region,
    coalesce(f.zone, '') as zone,
    coalesce(f.source, '') as source
from public.first_contacts as f
cross join lateral (values ('companies', f.reached), ('first_touches', f.at_first)) as c (counts, metrics)
cross join lateral unnest(c.metrics) as m (metric);

-- Talks by phone, each with the objection that came first. Late bound: reviews of calls are set up by a later migration.
create function public.talk_facts(since date, upto date) returns table (
    day text, weekday text, hour text, channel text, script text, version text, arm text, industry text, size text, region text, zone text,
    source text, objection text, at date, metric text, n bigint
)
language plpgsql stable
set search_path = public, pg_temp
as $$
begin
    return query
    select o.day::text, to_char(o.day, 'ID'), coalesce(lpad(o.hour::text, 2, '0'), ''), o.channel, o.script_key,
           coalesce(o.script_hash, ''), coalesce(o.arm, ''), coalesce(o.industry, ''), coalesce(o.size, ''), coalesce(o.region, ''),
           coalesce(o.zone, ''), coalesce(o.source, ''), coalesce(c.kind, ''), o.day, m.metric, 1::bigint
    from touches o join call_reviews r on r.touch_id = o.id
    left join lateral (select x.kind from call_objections x where x.touch_id = o.id order by x.place limit 1) c on true
    cross join lateral unnest(array['sent', 'answered'] || array_remove(reached_by(o), 'answered')) m(metric)
    where o.day between talk_facts.since and talk_facts.upto;
end
$$;

-- How many `denominator` there were (n) and how many `numerator` of them (k), for each level of `dimensions`, as a page after
-- the level `after`. Counts touches; or companies by their first contact, with all they ever reached; or only their first touches; or
-- talks by phone, which alone know an objection.
-- Companies are those of all channels unless one is asked for.
create function public.figures_v1(
    counts text, numerator text, denominator text, dimensions text[], filters jsonb, since date, upto date,
    after text[], max_rows int
) returns jsonb
language plpgsql stable
set search_path = public, pg_temp
as $$
declare
    known text[] := array['day', 'weekday', 'hour', 'channel', 'script', 'version', 'arm', 'industry', 'size', 'region', 'zone',
                          'source'];
    asked text[] := dimensions || array(select jsonb_object_keys(filters));
    level text := coalesce((select string_agg(format('f.%I', x.name), ', ' order by x.nr)
                            from unnest(dimensions) with ordinality x(name, nr)), '');
    kept text := coalesce((select string_agg(format(' and f.%I = $3 ->> %L', x.name, x.name), '')
                           from jsonb_object_keys(filters) x(name)), '');
    found jsonb;
begin
    if counts = 'talks' then known := known || 'objection'::text; end if;
    if not asked <@ known or counts not in ('touches', 'companies', 'first_touches', 'talks') then
        raise exception 'no figures of % by %: known are %', counts, asked, known using errcode = '22023';
    end if;
    if counts in ('companies', 'first_touches') then
        kept := kept || format(' and f.counts = %L', counts) || case when 'channel' = any(asked) then ' and f.channel <> ''any''' else ' and f.channel = ''any''' end;
    end if;
    execute format($query$
        select coalesce(jsonb_agg(to_jsonb(y) order by y.level), '[]') from (
            select * from (
                select array[%s]::text[] as level, coalesce(sum(f.n) filter (where f.metric = $2), 0) as n,
                       coalesce(sum(f.n) filter (where f.metric = $1), 0) as k
                from %s f where f.at between $4 and $5 and f.metric in ($1, $2) %s group by 1) x
            where $6 is null or x.level > $6
            order by x.level limit $7) y
    $query$, level, case counts when 'touches' then 'touch_facts' when 'talks' then 'talk_facts($4, $5)' else 'company_facts' end, kept)
    into found using numerator, denominator, filters, since, upto, after, max_rows;
    return found;
end
$$;

-- Bring the days up to `upto` up to date; a figure is final once its window (days after the touch) has passed. Only days that
-- were not all final the last time are read.
create or replace function public.roll_up_days_v1(upto date, window_days jsonb) returns jsonb
language plpgsql
set search_path = public, pg_temp
as $$
declare
    n int;
    longest int := greatest(14, (select max(w.value::int) from jsonb_each_text(window_days) w));
    since date := (select max(m.day) from daily_metrics m) - longest - 1;
begin
    insert into daily_metrics as m (day, channel, metric, n, final, updated_at)
    select r.day, r.channel, r.metric, sum(r.n), false, loop_now() from touch_rollups r
    where r.day between coalesce(since, '-infinity') and upto
        and not exists (select from daily_metrics f
                        where f.day = r.day and f.channel = r.channel and f.metric = r.metric and f.final)
    group by 1, 2, 3
    on conflict on constraint daily_metrics_pkey do update set n = excluded.n, updated_at = excluded.updated_at
    where m.n <> excluded.n;
    get diagnostics n = row_count;
    update daily_metrics m set final = true
    where m.day >= coalesce(since, '-infinity') and not m.final
        and m.day + coalesce((window_days ->> m.metric)::int, 14) < upto;
    return jsonb_build_object('figures', n);
end
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
