-- Tests in view: what is in force, how it stands, what waits for a yes, and what was changed.

-- What may stand in for a head right now: {id, key, counted_from, salt, treatment_share, population, channel, lever,
-- versions: {arm: {hash, text}}}.
create function public.tests_in_force_v1() returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(jsonb_build_object(
        'id', e.id, 'key', e.directive_key, 'counted_from', e.counted_from, 'salt', e.salt, 'treatment_share', e.treatment_share,
        'population', e.population, 'channel', e.channel, 'lever', e.lever,
        'versions', (select jsonb_object_agg(a.arm, jsonb_build_object('hash', v.content_hash, 'text', v.body))
                     from experiment_arms a
                     join directive_versions v on v.key = a.directive_key and v.content_hash = a.content_hash
                     where a.experiment_id = e.id)) order by e.id), '[]')
    from experiments e where e.state = 'running'
$$;

-- Experiments after `after_id` with their counts summed over sources; `standing` picks those that are not over.
create function public.experiments_v1(after_id bigint, max_rows int, standing boolean default false) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(to_jsonb(x) order by x.id), '[]') from (
        select e.id, e.kind, e.name, e.claim, e.lever, e.directive_key, e.metric, e.channel, e.population, e.state, e.verdict, e.reason,
               e.figures, e.window_days, e.base_rate, e.n_max, e.max_days, e.treatment_share, e.expected_lift, e.value,
               e.proposed_by, e.proposed_at, e.started_at, e.suspended_at, e.decided_at, e.ended_at, e.follows,
               (select h.content_hash from experiment_arms h where h.experiment_id = e.id and h.arm = 'treatment') as treatment_hash,
               coalesce((select jsonb_object_agg(y.arm, to_jsonb(y) - 'arm') from (
                   select c.arm, sum(c.assigned) as assigned, sum(c.succeeded) as succeeded, sum(c.matured) as matured,
                          sum(c.matured_succeeded) as matured_succeeded
                   from experiment_counts c where c.experiment_id = e.id group by c.arm) y), '{}') as arms
        from experiments e
        where e.id > after_id and (not standing or e.state in ('queued', 'running', 'suspended', 'decided', 'review'))
        order by e.id limit max_rows) x
$$;

-- What the permanent holdout says: companies whose weeks are over, and how many of them have a meeting booked in that time.
create function public.holdout_v1(window_days int) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    with first_met as (
        select unit_of(n.company_id, n.lead_id) as unit, bool_or(n.held_out) as held_out, min(n.enrolled_at) as at,
               array_agg(n.lead_id) as lead_ids, min(n.company_id) as company_id
        from enrolments n group by 1
    ), over as (
        select f.held_out, exists (
            select from meetings m where (m.lead_id = any(f.lead_ids) or m.company_id = f.company_id)
                and m.booked_at between f.at and f.at + make_interval(days => window_days)) as met
        from first_met f where f.at <= loop_now() - make_interval(days => window_days)
    )
    select jsonb_build_object(
        'held_out', count(*) filter (where held_out), 'held_out_meetings', count(*) filter (where held_out and met),
        'contacted', count(*) filter (where not held_out), 'contacted_meetings', count(*) filter (where not held_out and met))
    from over
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
