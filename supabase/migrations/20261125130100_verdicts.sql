-- Verdicts: what starts, what ends, what ships, what is taken back, and what waits for the owner's yes.

alter table public.evolution_log add column experiment_id bigint references public.experiments;
alter table public.evolution_log add column undoes bigint references public.evolution_log;
create unique index an_experiment_ships_once on public.evolution_log (experiment_id) where change = 'deployed';
create unique index a_change_is_taken_back_once on public.evolution_log (undoes) where undoes is not null;

create table public.approvals (
    id bigint generated always as identity primary key,
    subject text not null,
    words text not null,
    why text not null,
    change jsonb not null,
    fingerprint text not null,
    state text not null default 'pending',
    asked_at timestamptz not null,
    expires_at timestamptz not null,
    decided_at timestamptz,
    decided_by text,
    constraint the_same_change_is_asked_once unique (subject, fingerprint),
    constraint an_approval_is_in_a_known_state check (state in ('pending', 'approved', 'denied', 'expired')),
    constraint a_decision_says_whose_it_is check ((state in ('approved', 'denied')) = (decided_by is not null))
);

create function public.note_change(
    subject text, change text, before jsonb, after jsonb, evidence jsonb, approver text, of_experiment bigint
) returns bigint
language sql
set search_path = public, pg_temp
as $$
    insert into evolution_log (changed_at, subject, change, before, after, evidence, approver, experiment_id)
    values (loop_now(), subject, change, before, after, evidence, approver, of_experiment) returning id
$$;

-- A version by the loop takes the place of the head. Nobody else's revision in between is overwritten.
create function public.set_head(key text, expected_hash text, content_hash text) returns boolean
language plpgsql
set search_path = public, pg_temp
as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('directives', 0));
    update directive_heads h
    set content_hash = set_head.content_hash, revision = h.revision + 1, set_at = loop_now(), set_by = 'loop'
    where h.key = set_head.key and h.content_hash = expected_hash;
    return found;
end
$$;

-- The owner's own revision of a text ends what was being tested on it.
create function public.end_tests_of_revised_text() returns trigger
language plpgsql
set search_path = public, pg_temp
as $$
begin
    update experiments e
    set state = 'ended', place = null, suspended_at = null, ended_at = loop_now(),
        shipped = case when e.state in ('decided', 'review') then 'overtaken' end,
        reason = coalesce(e.reason, 'the owner revised the text')
    where e.directive_key = new.key and e.state in ('running', 'suspended', 'decided', 'review');
    return new;
end
$$;
create trigger a_revision_by_the_owner_ends_its_tests after update on public.directive_heads
for each row when (new.set_by = 'owner' and new.content_hash is distinct from old.content_hash)
execute function public.end_tests_of_revised_text();

-- Put a change on the queue: {name, claim, lever, directive_key, counted_from, metric, channel, population, salt, expected_lift,
-- value, window_days, proposed_by, kind, text, content_hash}. The same proposal again changes nothing. Returns its id.
create function public.propose_experiment_v1(proposal jsonb) returns bigint
language plpgsql
set search_path = public, pg_temp
as $$
declare
    p jsonb := proposal;
    known bigint;
begin
    insert into directive_versions (key, content_hash, kind, body, author, created_at)
    values (p ->> 'directive_key', p ->> 'content_hash', p ->> 'kind', p ->> 'text', 'loop', loop_now())
    on conflict on constraint directive_versions_pkey do nothing;
    insert into experiments (name, claim, lever, directive_key, counted_from, metric, channel, population, salt, expected_lift,
                             proposed_by, proposed_at, window_days)
    values (p ->> 'name', p ->> 'claim', p ->> 'lever', p ->> 'directive_key', p ->> 'counted_from', p ->> 'metric', p ->> 'channel',
            p ->> 'population', p ->> 'salt', (p ->> 'expected_lift')::numeric, p ->> 'proposed_by', loop_now(),
            (p ->> 'window_days')::int)
    on conflict on constraint an_experiment_is_proposed_once do nothing returning id into known;
    if known is null then return (select e.id from experiments e where e.name = p ->> 'name'); end if;
    insert into experiment_arms (experiment_id, arm, directive_key, content_hash)
    values (known, 'treatment', p ->> 'directive_key', p ->> 'content_hash');
    return known;
end
$$;

-- What a launch is judged by: of the last weeks, how many companies a week would meet the change, and how many of those
-- whose window is over succeeded.
create function public.traffic_of(e public.experiments, volume_days int, history_days int) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    with met as (
        select unit_of(o.company_id, o.lead_id) as unit, min(d.submitted_at) as at
        from touches o join deliveries d on d.id = o.id
        where e.counted_from = 'touch' and o.script_key = e.directive_key and o.day > loop_now()::date - history_days - 1
            and d.submitted_at is not null and e.population in ('everyone', 'source:' || o.source)
        group by 1
        union all
        select unit_of(n.company_id, n.lead_id), min(n.enrolled_at) from enrolments n join leads l on l.id = n.lead_id
        where e.counted_from = 'enrolment' and split_part(n.playbook, '@', 1) = e.directive_key and not n.held_out
            and n.enrolled_on > loop_now()::date - history_days - 1 and e.population in ('everyone', 'source:' || l.source)
        group by 1
    ), won as (
        select unit_of(o.company_id, o.lead_id) as unit, m.at from touches o
        cross join lateral (select case e.metric
            when 'answered' then o.answered_at when 'dm_contact' then o.dm_contact_at when 'conversation' then o.conversation_at
            when 'replied' then o.replied_at when 'positive' then o.positive_at else o.booked_at end as at) m
        where m.at is not null and o.day > loop_now()::date - history_days - 1 and (e.channel is null or e.channel = o.channel)
    )
    select jsonb_build_object(
        'weekly_units', count(*) filter (where met.at > loop_now() - make_interval(days => volume_days)) * 7.0 / volume_days,
        'base_n', count(*) filter (where met.at <= loop_now() - outcome_window(e.window_days)),
        'base_successes', count(*) filter (where met.at <= loop_now() - outcome_window(e.window_days)
            and exists (select from won w where w.unit = met.unit and w.at between met.at and met.at + outcome_window(e.window_days))))
    from met
$$;

-- The queue with what each launch is judged by. `resting` is until when the same change, refuted on this metric, stays out.
create function public.experiment_queue_v1(volume_days int, history_days int, rest_days int) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(to_jsonb(e) || traffic_of(e, volume_days, history_days) || jsonb_build_object(
        'head_hash', (select h.content_hash from directive_heads h where h.key = e.directive_key),
        'treatment_hash', a.content_hash,
        'busy', exists (select from experiments r where r.state in ('running', 'suspended', 'decided', 'review')
                        and r.population = e.population and r.kind = 'test'
                        and ((r.metric = e.metric and r.state in ('running', 'suspended')) or r.directive_key = e.directive_key)),
        'resting_until', (select max(r.ended_at) + make_interval(days => rest_days) from experiments r
                          join experiment_arms k on k.experiment_id = r.id and k.arm = 'treatment'
                          where r.verdict in ('KILL', 'ROLLBACK') and r.metric = e.metric and k.content_hash = a.content_hash
                              and r.ended_at > loop_now() - make_interval(days => rest_days))) order by e.id), '[]')
    from experiments e join experiment_arms a on a.experiment_id = e.id and a.arm = 'treatment'
    where e.state = 'queued'
$$;

-- Begin a test against the version in force now. False where no place is free or a rule stands in the way.
create function public.start_experiment_v1(experiment_id bigint, base_rate numeric, n_max int, max_days int, value numeric)
returns boolean
language plpgsql
set search_path = public, pg_temp
as $$
declare
    e experiments;
    free int;
begin
    select * into e from experiments x where x.id = start_experiment_v1.experiment_id and x.state = 'queued' for update;
    if e.id is null then return false; end if;
    select min(g) into free from generate_series(1, 3) g
    where not exists (select from experiments x where x.place = g and x.population = e.population);
    if free is null then return false; end if;
    insert into experiment_arms (experiment_id, arm, directive_key, content_hash)
    select e.id, 'control', h.key, h.content_hash from directive_heads h where h.key = e.directive_key;
    update experiments x
    set state = 'running', place = free, started_at = loop_now(), base_rate = start_experiment_v1.base_rate,
        n_max = start_experiment_v1.n_max, max_days = start_experiment_v1.max_days, value = start_experiment_v1.value
    where x.id = e.id;
    perform note_change(e.directive_key, 'test started', null, jsonb_build_object('claim', e.claim, 'metric', e.metric),
                        jsonb_build_object('base_rate', base_rate, 'n_max', n_max, 'max_days', max_days), 'loop', e.id);
    return true;
exception when unique_violation then
    return false;
end
$$;

create function public.refuse_experiment_v1(experiment_id bigint, reason text) returns void
language sql
set search_path = public, pg_temp
as $$
    update experiments e set state = 'refused', reason = refuse_experiment_v1.reason, ended_at = loop_now()
    where e.id = refuse_experiment_v1.experiment_id and e.state = 'queued'
$$;

-- What a check decided: rows {id, action, reason, figures}; action is SUSPEND, RESUME or a verdict. A verdict latches: what is
-- decided already is left alone. Each is one row of the evolution log. Returns the ids that moved.
create function public.decide_experiments_v1(decisions jsonb) returns bigint[]
language plpgsql
set search_path = public, pg_temp
as $$
declare
    d record;
    e experiments;
    moved bigint[] := '{}';
begin
    for d in select x.* from jsonb_to_recordset(decisions) x (id bigint, action text, reason text, figures jsonb) order by x.id loop
        select * into e from experiments x where x.id = d.id and x.state in ('running', 'suspended') for update;
        continue when e.id is null or (d.action = 'RESUME' and e.state <> 'suspended')
            or (d.action = 'SUSPEND' and e.state <> 'running');
        update experiments x
        set state = case d.action when 'SUSPEND' then 'suspended' when 'RESUME' then 'running' when 'DEPLOY' then 'decided'
                when 'REVIEW' then case when d.reason like 'win%' then 'review' else 'ended' end else 'ended' end,
            suspended_at = case when d.action = 'SUSPEND' then loop_now() end,
            verdict = case when d.action not in ('SUSPEND', 'RESUME') then d.action end,
            place = case when d.action in ('SUSPEND', 'RESUME') then x.place end,
            reason = case when d.action = 'RESUME' then null else d.reason end, figures = d.figures,
            decided_at = case when d.action not in ('SUSPEND', 'RESUME') then loop_now() end,
            ended_at = case when d.action not in ('SUSPEND', 'RESUME', 'DEPLOY') then loop_now() end
        where x.id = e.id;
        perform note_change(e.directive_key, lower(d.action) || ': ' || d.reason, null, null, d.figures, 'loop', e.id);
        if e.kind = 'holdback' and d.action in ('KILL', 'ROLLBACK') then perform undo_experiment(e.follows, d.figures); end if;
        moved := moved || e.id;
    end loop;
    return moved;
end
$$;

-- Ship the treatment: it becomes the version in force, and one in five stays on the old one for some days, so that a mistake shows.
-- Once: whoever comes second finds it done, and a text that was changed meanwhile stays. Returns {status: deployed | overtaken |
-- done_before, change_id}.
create function public.deploy_experiment_v1(experiment_id bigint, approver text, holdback_share numeric, holdback_days int)
returns jsonb
language plpgsql
set search_path = public, pg_temp
as $$
declare
    e experiments;
    old_hash text;
    new_hash text;
    change_id bigint;
    kept bigint;
begin
    select * into e from experiments x
    where x.id = deploy_experiment_v1.experiment_id and x.state in ('decided', 'review') for update;
    if e.id is null then return jsonb_build_object('status', 'done_before', 'change_id', null); end if;
    select a.content_hash into old_hash from experiment_arms a where a.experiment_id = e.id and a.arm = 'control';
    select a.content_hash into new_hash from experiment_arms a where a.experiment_id = e.id and a.arm = 'treatment';
    if not set_head(e.directive_key, old_hash, new_hash) then
        update experiments x set state = 'ended', ended_at = loop_now(), shipped = 'overtaken' where x.id = e.id;
        perform note_change(e.directive_key, 'not deployed: the text was changed meanwhile', null, null, e.figures, approver, e.id);
        return jsonb_build_object('status', 'overtaken', 'change_id', null);
    end if;
    update experiments x set state = 'ended', ended_at = loop_now(), shipped = 'deployed' where x.id = e.id;
    change_id := note_change(e.directive_key, 'deployed', jsonb_build_object('content_hash', old_hash),
                             jsonb_build_object('content_hash', new_hash), e.figures, approver, e.id);
    insert into experiments (kind, name, claim, lever, directive_key, counted_from, metric, channel, population, salt, expected_lift,
                             proposed_by, proposed_at, window_days, base_rate, n_max, max_days, treatment_share, guardrails, state,
                             started_at, follows)
    values ('holdback', e.name || ' (holdback)', e.claim, e.lever, e.directive_key, e.counted_from, e.metric, e.channel, e.population,
            e.salt || '|holdback', e.expected_lift, 'loop', loop_now(), e.window_days, e.base_rate, e.n_max, holdback_days,
            1 - holdback_share, e.guardrails, 'running', loop_now(), e.id)
    returning id into kept;
    insert into experiment_arms (experiment_id, arm, directive_key, content_hash)
    values (kept, 'control', e.directive_key, old_hash), (kept, 'treatment', e.directive_key, new_hash);
    return jsonb_build_object('status', 'deployed', 'change_id', change_id);
end
$$;

-- Take one change back: the version before it is in force again. Returns {status: done | done_before | unknown | overtaken, subject}.
create function public.rollback_change_v1(change_id bigint, approver text, evidence jsonb default null) returns jsonb
language plpgsql
set search_path = public, pg_temp
as $$
declare
    c evolution_log;
begin
    select * into c from evolution_log x where x.id = change_id;
    if c.before ->> 'content_hash' is null or c.after ->> 'content_hash' is null then
        return jsonb_build_object('status', 'unknown', 'subject', c.subject);
    end if;
    if exists (select from evolution_log x where x.undoes = c.id) then
        return jsonb_build_object('status', 'done_before', 'subject', c.subject);
    end if;
    if not set_head(c.subject, c.after ->> 'content_hash', c.before ->> 'content_hash') then
        return jsonb_build_object('status', 'overtaken', 'subject', c.subject);
    end if;
    insert into evolution_log (changed_at, subject, change, before, after, evidence, approver, experiment_id, undoes)
    values (loop_now(), c.subject, 'rolled back', c.after, c.before, evidence, approver, c.experiment_id, c.id);
    update experiments e set shipped = 'taken back' where e.id = c.experiment_id and e.shipped = 'deployed';
    update experiments e set state = 'ended', place = null, suspended_at = null, ended_at = loop_now(), reason = coalesce(e.reason, 'rolled back')
    where e.directive_key = c.subject and e.state in ('running', 'suspended', 'decided', 'review');
    return jsonb_build_object('status', 'done', 'subject', c.subject);
end
$$;

create function public.undo_experiment(of_experiment bigint, evidence jsonb) returns void
language sql
set search_path = public, pg_temp
as $$
    select rollback_change_v1(c.id, 'loop', evidence) from evolution_log c
    where c.experiment_id = of_experiment and c.change = 'deployed'
$$;

-- The owner said no, or nothing in time: nothing changes.
create function public.drop_experiment_v1(experiment_id bigint, approver text) returns void
language plpgsql
set search_path = public, pg_temp
as $$
declare e experiments;
begin
    update experiments x set state = 'ended', ended_at = loop_now(), shipped = 'declined'
    where x.id = drop_experiment_v1.experiment_id and x.state = 'review' returning * into e;
    if e.id is not null then
        perform note_change(e.directive_key, 'not deployed', null, null, e.figures, approver, e.id);
    end if;
end
$$;

-- What the detector of fallen success made of the units that came of age after a deploy: rows {id, was, n, successes, level, alert}.
-- `was` is how many it had seen, so that the same step is taken once. An alert is one row of the evolution log. Returns who alerted.
create function public.watch_experiments_v1(steps jsonb) returns bigint[]
language plpgsql
set search_path = public, pg_temp
as $$
declare
    s record;
    e experiments;
    alerted bigint[] := '{}';
begin
    for s in
        select x.* from jsonb_to_recordset(steps)
            x (id bigint, was int, n int, successes int, level double precision, alert boolean) order by x.id
    loop
        update experiments x
        set detector_level = s.level, detector_n = s.n, detector_successes = s.successes,
            alerted_at = case when s.alert then loop_now() else x.alerted_at end
        where x.id = s.id and x.kind = 'holdback' and x.detector_n = s.was returning * into e;
        continue when e.id is null or not s.alert;
        perform note_change(e.directive_key, 'alert: far fewer successes than before the change', null, null,
                            jsonb_build_object('companies', s.n, 'successes', s.successes), 'loop', e.follows);
        alerted := alerted || e.id;
    end loop;
    return alerted;
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
