-- Incidents: what is wrong, kept once however often it is seen, until a look finds it gone; and what was tried.

create table public.incidents (
    id bigint generated always as identity primary key,
    kind text not null,
    target text not null,
    words text not null,
    severity text not null,
    evidence jsonb not null default '{}',
    began_at timestamptz not null,
    opened_at timestamptz not null,
    seen_at timestamptz not null,
    sightings int not null default 1,
    closed_at timestamptz,
    closed_by text,
    constraint an_incident_is_of_a_known_severity check (severity in ('notice', 'warning', 'critical')),
    constraint an_incident_ends_in_a_known_way check (closed_by in ('playbook', 'itself', 'owner')),
    constraint what_is_closed_says_by_whom check ((closed_at is null) = (closed_by is null)),
    constraint trouble_begins_before_it_is_seen check (began_at <= opened_at and opened_at <= seen_at)
);
create unique index an_incident_is_open_once on public.incidents (kind, target) where closed_at is null;
create index incidents_by_time on public.incidents (opened_at);

-- One try of a playbook. `retry_at` is when the same playbook may try again.
create table public.repairs (
    id bigint generated always as identity primary key,
    incident_id bigint not null references public.incidents on delete cascade,
    playbook text not null,
    tried_at timestamptz not null,
    outcome text not null,
    detail text not null default '',
    retry_at timestamptz not null,
    constraint a_repair_ends_in_a_known_way check (outcome in ('done', 'failed'))
);
create index repairs_of_incident on public.repairs (incident_id);

create function public.open_incidents() returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(jsonb_build_object(
        'id', i.id, 'kind', i.kind, 'target', i.target, 'words', i.words, 'severity', i.severity, 'evidence', i.evidence,
        'began_at', i.began_at, 'opened_at', i.opened_at, 'sightings', i.sightings,
        'repairs', coalesce((select jsonb_agg(jsonb_build_object(
            'playbook', r.playbook, 'outcome', r.outcome, 'tried_at', r.tried_at, 'retry_at', r.retry_at) order by r.id)
            from repairs r where r.incident_id = i.id), '[]')) order by i.id), '[]')
    from incidents i where i.closed_at is null
$$;

-- What one look found, as one step: new trouble is opened, known trouble is seen again, and an incident of a kind that
-- was looked for and not found is closed. This look is the post-check of every repair; nothing else closes an incident.
-- findings: [{kind, target, words, severity, evidence, began_at}]. Returns {opened: [id], closed: [{id, kind, target, ...}], open: [...]}.
create function public.sight_v1(findings jsonb, kinds text[]) returns jsonb
language plpgsql
set search_path = public, pg_temp
as $$
declare
    t timestamptz := loop_now();
    opened jsonb;
    closed jsonb;
begin
    perform pg_advisory_xact_lock(hashtextextended('incidents', 0));
    with found as (
        select distinct on (f ->> 'kind', f ->> 'target') f ->> 'kind' as kind, f ->> 'target' as target,
               f ->> 'severity' as severity, f -> 'evidence' as evidence, f ->> 'words' as words, (f ->> 'began_at')::timestamptz as began_at
        from jsonb_array_elements(findings) f
    ), gone as (
        update incidents i
        set closed_at = t, closed_by = case when exists (
            select from repairs r where r.incident_id = i.id and r.outcome = 'done') then 'playbook' else 'itself' end
        where i.closed_at is null and i.kind = any(kinds)
            and not exists (select from found f where f.kind = i.kind and f.target = i.target)
        returning i.*
    ), seen as (
        insert into incidents as i (kind, target, words, severity, evidence, began_at, opened_at, seen_at)
        select f.kind, f.target, f.words, f.severity, f.evidence, least(f.began_at, t), t, t from found f
        on conflict (kind, target) where closed_at is null do update
        set seen_at = t, sightings = i.sightings + 1, evidence = excluded.evidence, severity = excluded.severity
        returning i.id, i.sightings
    )
    select coalesce((select jsonb_agg(s.id order by s.id) from seen s where s.sightings = 1), '[]'),
           coalesce((select jsonb_agg(jsonb_build_object(
               'id', g.id, 'kind', g.kind, 'target', g.target, 'closed_by', g.closed_by,
               'repair_s', extract(epoch from t - g.opened_at)) order by g.id) from gone g), '[]')
    into opened, closed;
    return jsonb_build_object('opened', opened, 'closed', closed, 'open', open_incidents());
end
$$;

create function public.note_repair_v1(
    incident_id bigint, playbook text, outcome text, detail text, retry_at timestamptz
) returns void
language sql
set search_path = public, pg_temp
as $$
    insert into repairs (incident_id, playbook, tried_at, outcome, detail, retry_at)
    values (note_repair_v1.incident_id, note_repair_v1.playbook, loop_now(), note_repair_v1.outcome, note_repair_v1.detail,
            note_repair_v1.retry_at)
$$;

create function public.close_incident_v1(id bigint) returns boolean
language plpgsql
set search_path = public, pg_temp
as $$
begin
    update incidents i set closed_at = loop_now(), closed_by = 'owner'
    where i.id = close_incident_v1.id and i.closed_at is null;
    return found;
end
$$;

create function public.open_incidents_v1() returns jsonb
language sql stable
set search_path = public, pg_temp
as $$ select open_incidents() $$;

-- Incidents opened since then, newest first, with how each ended.
create function public.incidents_v1(since timestamptz, max_rows int) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(to_jsonb(x) order by x.id desc), '[]') from (
        select i.id, i.kind, i.target, i.words, i.severity, i.began_at, i.opened_at, i.closed_at, i.closed_by, i.sightings,
               (select count(*) from repairs r where r.incident_id = i.id) as tries
        from incidents i where i.opened_at >= since order by i.id desc limit max_rows) x
$$;

-- How well the loop mends itself, counted from the table: mean time to detect (began -> opened) and to repair
-- (opened -> the look that found it gone), and the share that needed nobody. Seconds; null where nothing was closed.
create function public.repair_figures_v1(since timestamptz) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select jsonb_build_object(
        'opened', count(*), 'closed', count(i.closed_at),
        'by_playbook', count(*) filter (where i.closed_by = 'playbook'),
        'by_itself', count(*) filter (where i.closed_by = 'itself'),
        'by_owner', count(*) filter (where i.closed_by = 'owner'),
        'mttd_s', avg(extract(epoch from i.opened_at - i.began_at)),
        'mttr_s', avg(extract(epoch from i.closed_at - i.opened_at)),
        'auto_fix_share', (count(*) filter (where i.closed_by in ('playbook', 'itself')))::numeric / nullif(count(*), 0))
    from incidents i where i.opened_at >= since and i.severity <> 'notice'
$$;

-- Everything the watch looks at, in one round trip. Counts and ids only. From how many minutes on a touch is late and a
-- call endless is the owner's to say. What is of use only beside other figures has its span here: leases that lapsed two
-- ticks ago, reports that are owed for two hours.
create function public.vital_signs_v1(today date, late_minutes int, endless_minutes int) returns jsonb
language plpgsql stable
set search_path = public, pg_temp
as $$
declare
    -- Read once: a volatile function in a condition is called for each row, and keeps an index from serving it.
    t constant timestamptz := loop_now();
    late_since constant timestamptz := t - make_interval(mins => late_minutes);
    endless_since constant timestamptz := t - make_interval(mins => endless_minutes);
begin
    return (select jsonb_build_object(
        'now', t, 'live', c.live, 'live_since', c.live_changed_at, 'kill_switch', c.kill_switch,
        'overdue', (select count(*) from deliveries d where d.state = 'planned' and d.kind = 'touch' and d.code is null
                    and d.due_at <= late_since and d.latest_at > t),
        'oldest_due_at', (select min(d.due_at) from deliveries d where d.state = 'planned' and d.kind = 'touch'
                          and d.code is null and d.latest_at > t),
        'lapsed', (select coalesce(jsonb_agg(d.id order by d.id), '[]') from (
            select id from deliveries where state in ('leased', 'submitted') and lease_until < t - interval '6 minutes'
            order by id limit 20) d),
        'unknown', (select coalesce(jsonb_object_agg(x.provider, jsonb_build_object('n', x.n, 'since', x.since)), '{}') from (
            select d.provider, count(*) as n, min(d.unknown_at) as since from deliveries d
            where d.state = 'unknown' and d.kind = 'touch' group by 1) x),
        'parked', (select count(*) from deliveries d where d.state = 'parked'),
        'oldest_parked_at', (select min(d.submitted_at) from deliveries d where d.state = 'parked'),
        'endless_calls', (select coalesce(jsonb_agg(x.id order by x.id), '[]') from (
            select d.id from deliveries d where d.channel = 'call' and d.kind = 'touch' and d.state = 'accepted'
                and d.accepted_at <= endless_since order by d.id limit 20) x),
        'last_event_at', (select coalesce(jsonb_object_agg(x.provider, x.at), '{}') from (
            select e.provider, max(e.received_at) as at from events e
            where e.received_at > t - interval '3 days' group by 1) x),
        'awaiting', (select coalesce(jsonb_object_agg(x.provider, x.n), '{}') from (
            select d.provider, count(*) as n from deliveries d
            where d.kind = 'touch' and d.state = 'accepted' and d.accepted_at between t - interval '3 days'
                and t - interval '2 hours' group by 1) x),
        'spent_today', (select coalesce(jsonb_object_agg(replace(u.scope, 'budget:', ''), u.used), '{}')
            from cap_usage u where u.scope like 'budget:%' and u.bucket = today::text),
        'mail_7d', (select jsonb_build_object(
            'sent', coalesce(sum(r.n) filter (where r.metric = 'sent'), 0),
            'bounced', coalesce(sum(r.n) filter (where r.metric = 'bounced'), 0),
            'complained', coalesce(sum(r.n) filter (where r.metric = 'complained'), 0))
            from touch_rollups r
            where r.day > today - 7 and r.channel = 'email' and r.metric in ('sent', 'bounced', 'complained')),
        'senders', (select coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'health', s.health) order by s.id), '[]')
            from senders s where s.active),
        'struck', (select coalesce(jsonb_agg(jsonb_build_object(
            'channel', c.channel, 'code', c.struck_code, 'needs_owner', c.needs_owner, 'strikes', c.strikes, 'since', c.struck_at) order by c.channel), '[]')
            from channels c where c.strikes > 0),
        'new_errors', new_errors(t - interval '1 hour'),
        'deaf', (select coalesce(jsonb_agg(jsonb_build_object('channel', c.channel, 'code', c.deaf_code, 'since', c.deaf_since)
            order by c.channel), '[]') from channels c where c.deaf_since is not null),
        'oldest_transaction_s', (oldest_transaction_v1() ->> 'age_s')::int,
        'errors_1h', (select coalesce(jsonb_agg(to_jsonb(x) order by x.n desc, x.stage, x.code), '[]') from (
            select r.stage, coalesce(r.error ->> 'code', 'unexplained') as code, coalesce(r.error ->> 'where', '') as at,
                   coalesce((r.error ->> 'system_wide')::boolean, false) as system_wide, count(*) as n,
                   min(r.started_at) as first_at
            from stage_runs r where r.state = 'failed' and r.finished_at > t - interval '1 hour'
            group by 1, 2, 3, 4 order by n desc limit 50) x))
    from controls c);
end
$$;
create index deliveries_accepted on public.deliveries (accepted_at) where state = 'accepted' and kind = 'touch';
create index events_by_receipt on public.events (received_at, provider);

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
