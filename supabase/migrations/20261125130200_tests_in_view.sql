-- Tests in view: what is in force, how it stands, what waits for a yes, and what was changed.

-- What may stand in for a head right now: {id, key, counted_from, salt, treatment_share, population, channel, lever,
-- versions: {arm: {hash, text}}, hour_share}; hour_share is the treatment's part of the calls of the last day that was planned.
create function public.tests_in_force_v1() returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(jsonb_build_object(
        'id', e.id, 'key', e.directive_key, 'counted_from', e.counted_from, 'salt', e.salt, 'treatment_share', e.treatment_share,
        'population', e.population, 'channel', e.channel, 'lever', e.lever,
        'hour_share', (select h.treatment_share from experiment_hour_shares h
                       where h.experiment_id = e.id order by h.day desc limit 1),
        'versions', (select jsonb_object_agg(a.arm, jsonb_build_object('hash', v.content_hash, 'text', v.body))
                     from experiment_arms a
                     join directive_versions v on v.key = a.directive_key and v.content_hash = a.content_hash
                     where a.experiment_id = e.id)) order by e.id), '[]')
    from experiments e where e.state = 'running'
$$;

-- Experiments after `after_id` with their counts summed over sources; `standing` picks those that are not over, or over since then.
create function public.experiments_v1(after_id bigint, max_rows int, standing boolean, decided_since timestamptz) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(to_jsonb(x) order by x.id), '[]') from (
        select e.id, e.kind, e.name, e.claim, e.lever, e.directive_key, e.metric, e.channel, e.population, e.state, e.verdict, e.reason,
               e.figures, e.window_days, e.base_rate, e.n_max, e.max_days, e.treatment_share, e.expected_lift, e.value,
               e.proposed_by, e.proposed_at, e.started_at, e.suspended_at, e.decided_at, e.ended_at, e.follows,
               e.shipped, e.alerted_at,
               (select h.content_hash from experiment_arms h where h.experiment_id = e.id and h.arm = 'treatment') as treatment_hash,
               coalesce((select jsonb_object_agg(y.arm, to_jsonb(y) - 'arm') from (
                   select c.arm, sum(c.assigned) as assigned, sum(c.succeeded) as succeeded, sum(c.matured) as matured,
                          sum(c.matured_succeeded) as matured_succeeded
                   from experiment_counts c where c.experiment_id = e.id group by c.arm) y), '{}') as arms
        from experiments e
        where e.id in (
            select a.id from experiments a where not standing and a.id > after_id
            union all
            select o.id from experiments o
            where standing and o.state in ('queued', 'running', 'suspended', 'decided', 'review') and o.id > after_id
            union all
            select n.id from experiments n where standing and n.ended_at > decided_since and n.id > after_id
            order by 1 limit max_rows)
        order by e.id) x
$$;

-- The permanent holdout: one row for each company (lead, where none is known) by its first enrolment, and the first meeting after it.
create table public.holdout_units (
    unit text primary key,
    held_out boolean not null,
    enrolled_at timestamptz not null,
    met_at timestamptz,
    counted boolean not null default false,
    met_counted boolean not null default false
);
create index holdout_units_coming_of_age on public.holdout_units (enrolled_at) where not counted;
create index holdout_units_met_late on public.holdout_units (met_at) where counted and not met_counted and met_at is not null;

create table public.holdout_counts (
    held_out boolean primary key,
    units bigint not null default 0,
    met bigint not null default 0
);

with first_met as (
    select
        public.unit_of(n.company_id, n.lead_id) as unit,
        bool_or(n.held_out) as held_out,
        min(n.enrolled_at) as enrolled_at,
        array_agg(n.lead_id) as lead_ids,
        min(n.company_id) as company_id
    from public.enrolments as n
    group by 1
)

insert into public.holdout_units (unit, held_out, enrolled_at, met_at)
select
    f.unit,
    f.held_out,
    f.enrolled_at,
    min(m.booked_at) as met_at
from first_met as f
left join public.meetings as m on (m.lead_id = any(f.lead_ids) or f.company_id = m.company_id) and f.enrolled_at <= m.booked_at
group by 1, 2, 3;

create function public.hold_out_or_contact() returns trigger
language plpgsql
set search_path = public, pg_temp
as $$
begin
    insert into holdout_units (unit, held_out, enrolled_at)
    values (unit_of(new.company_id, new.lead_id), new.held_out, new.enrolled_at)
    on conflict on constraint holdout_units_pkey do update
    set held_out = holdout_units.held_out or excluded.held_out where not holdout_units.counted;
    return new;
end
$$;
create trigger enrolments_reach_the_holdout after insert on public.enrolments
for each row execute function public.hold_out_or_contact();

create function public.note_meeting_of_unit() returns trigger
language plpgsql
set search_path = public, pg_temp
as $$
begin
    update holdout_units u set met_at = least(u.met_at, new.booked_at)
    where u.unit in ('company:' || new.company_id, 'lead:' || new.lead_id) and new.booked_at >= u.enrolled_at;
    return new;
end
$$;
create trigger meetings_reach_the_holdout after insert or update of booked_at on public.meetings
for each row execute function public.note_meeting_of_unit();

-- Bring the counts of the holdout up to date: companies enrolled `window_days` ago, and meetings booked within that time that were
-- entered later. Nobody is counted again. Returns how many companies came of age.
create function public.fold_holdout_v1(window_days int) returns int
language sql
set search_path = public, pg_temp
as $$
    with grown as (
        update holdout_units u
        set counted = true, met_counted = coalesce(u.met_at <= u.enrolled_at + make_interval(days => window_days), false)
        where not u.counted and u.enrolled_at <= loop_now() - make_interval(days => window_days)
        returning u.held_out, 1 as n, u.met_counted::int as met
    ), late as (
        update holdout_units u set met_counted = true
        where u.counted and not u.met_counted and u.met_at <= u.enrolled_at + make_interval(days => window_days)
        returning u.held_out, 0 as n, 1 as met
    ), changed as (
        select g.held_out, g.n, g.met from grown g union all select l.held_out, l.n, l.met from late l
    ), moved as (
        insert into holdout_counts as c (held_out, units, met)
        select x.held_out, sum(x.n), sum(x.met) from changed x group by 1 order by 1
        on conflict on constraint holdout_counts_pkey do update set units = c.units + excluded.units, met = c.met + excluded.met
    )
    select coalesce(sum(x.n), 0)::int from changed x
$$;

-- What the permanent holdout says so far: companies whose weeks are over, and how many of them have a meeting booked in that time.
create function public.holdout_v1() returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select jsonb_build_object(
        'held_out', coalesce(sum(c.units) filter (where c.held_out), 0),
        'held_out_meetings', coalesce(sum(c.met) filter (where c.held_out), 0),
        'contacted', coalesce(sum(c.units) filter (where not c.held_out), 0),
        'contacted_meetings', coalesce(sum(c.met) filter (where not c.held_out), 0))
    from holdout_counts c
$$;

-- The log after `after_id`, oldest first.
create function public.evolution_log_v1(after_id bigint, max_rows int) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(to_jsonb(x) order by x.id), '[]') from (
        select c.*, (select u.id from evolution_log u where u.undoes = c.id) as undone_by from evolution_log c
        where c.id > after_id order by c.id limit max_rows) x
$$;

-- Ask the owner; the same change is asked once. Returns the id.
create function public.request_approval_v1(
    subject text, words text, why text, change jsonb, fingerprint text, days int
) returns bigint
language plpgsql
set search_path = public, pg_temp
as $$
declare answer bigint;
begin
    insert into approvals (subject, words, why, change, fingerprint, asked_at, expires_at)
    values (subject, words, why, change, fingerprint, loop_now(), loop_now() + make_interval(days => days))
    on conflict on constraint the_same_change_is_asked_once do nothing returning id into answer;
    return coalesce(answer, (select a.id from approvals a where a.subject = request_approval_v1.subject
                             and a.fingerprint = request_approval_v1.fingerprint));
end
$$;

-- As it stands now: past its time and unanswered is expired, which is a no.
create function public.approvals_v1(only_pending boolean, max_rows int) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(to_jsonb(x) order by x.id), '[]') from (
        select a.id, a.subject, a.words, a.why, a.change, a.fingerprint, a.asked_at, a.expires_at, a.decided_at, a.decided_by,
               case when a.state = 'pending' and a.expires_at <= loop_now() then 'expired' else a.state end as state
        from approvals a
        where not only_pending or (a.state = 'pending' and a.expires_at > loop_now()) order by a.id desc limit max_rows) x
$$;

-- The owner's word on exactly the change that was shown. Returns {status: approved | denied | expired | changed | unknown, words}:
-- how it stands now, whoever said it first.
create function public.answer_approval_v1(approval_id bigint, fingerprint text, approve boolean, actor text) returns jsonb
language plpgsql
set search_path = public, pg_temp
as $$
declare a approvals;
begin
    select * into a from approvals x where x.id = approval_id for update;
    if a.id is null then return jsonb_build_object('status', 'unknown', 'words', null); end if;
    if a.fingerprint <> answer_approval_v1.fingerprint then return jsonb_build_object('status', 'changed', 'words', a.words); end if;
    if a.state = 'pending' then
        update approvals x
        set state = case when x.expires_at <= loop_now() then 'expired' when approve then 'approved' else 'denied' end,
            decided_at = loop_now(), decided_by = case when x.expires_at > loop_now() then actor end
        where x.id = a.id returning * into a;
    end if;
    return jsonb_build_object('status', a.state, 'words', a.words);
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
