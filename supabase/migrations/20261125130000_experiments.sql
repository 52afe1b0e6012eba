-- Experiments: what is tested, who is in which arm, and counts that are advanced by what is new.

create table public.experiments (
    id bigint generated always as identity primary key,
    kind text not null default 'test',
    name text not null,
    claim text not null,
    lever text not null,
    directive_key text not null,
    counted_from text not null,
    metric text not null,
    channel text,
    population text not null default 'everyone',
    salt text not null,
    expected_lift numeric not null,
    value numeric not null default 0,
    proposed_by text not null,
    proposed_at timestamptz not null,
    window_days int not null,
    base_rate numeric,
    n_max int,
    max_days int,
    treatment_share numeric not null default 0.5,
    alpha numeric not null default 0.05,
    guardrails text[] not null default '{opted_out,complained}',
    place int,
    state text not null default 'queued',
    started_at timestamptz,
    suspended_at timestamptz,
    verdict text,
    reason text,
    figures jsonb,
    decided_at timestamptz,
    ended_at timestamptz,
    follows bigint references public.experiments,
    shipped text,
    detector_level double precision not null default 0,
    detector_n int not null default 0,
    detector_successes int not null default 0,
    alerted_at timestamptz,
    constraint an_experiment_is_proposed_once unique (name),
    constraint an_experiment_is_a_test_or_a_holdback check (kind in ('test', 'holdback')),
    constraint a_lever_is_a_known_word check (lever in (
        'call_script', 'opener', 'voicemail', 'email_subject', 'email_body', 'sms_text', 'step_order', 'step_spacing',
        'call_hour', 'channel', 'enrichment'
    )),
    constraint exposure_precedes_the_lever check (counted_from in ('touch', 'enrolment')),
    constraint a_metric_is_a_milestone
    check (metric in ('answered', 'dm_contact', 'conversation', 'replied', 'positive', 'booked')),
    constraint an_experiment_is_in_a_known_state
    check (state in ('queued', 'refused', 'running', 'suspended', 'decided', 'review', 'ended')),
    constraint what_runs_has_its_plan
    check (
        state not in ('running', 'suspended', 'decided')
        or (base_rate > 0 and n_max > 0 and max_days is not null and started_at is not null)
    ),
    constraint a_test_runs_28_56_or_84_days check (max_days in (28, 56, 84) or kind = 'holdback'),
    constraint a_verdict_is_a_known_word
    check (verdict in ('DEPLOY', 'REVIEW', 'KILL', 'ROLLBACK', 'INVALID_SRM', 'KEPT')),
    constraint a_verdict_says_why_and_when check (verdict is null or (reason is not null and decided_at is not null)),
    constraint what_is_suspended_says_since_when check ((state = 'suspended') = (suspended_at is not null)),
    constraint a_win_ships_or_says_why_not check (shipped in ('deployed', 'overtaken', 'declined', 'taken back')),
    constraint a_share_leaves_somebody_in_each_arm check (treatment_share > 0 and treatment_share < 1),
    constraint a_running_test_has_a_place check (kind <> 'test' or (state in ('running', 'suspended')) = (place is not null)),
    constraint at_most_three_run_at_once check (place between 1 and 3)
);
create unique index one_test_runs_per_metric_and_population on public.experiments (metric, population)
where kind = 'test' and state in ('running', 'suspended');
create unique index a_place_is_taken_once on public.experiments (population, place) where place is not null;
create unique index one_thing_at_a_time_changes_a_text on public.experiments (directive_key, population)
where state in ('running', 'suspended', 'decided', 'review');
create index experiments_ended on public.experiments (ended_at) where ended_at is not null;
create index experiments_counting on public.experiments (id) where state in ('running', 'suspended');

create table public.experiment_arms (
    experiment_id bigint not null references public.experiments,
    arm text not null,
    directive_key text not null,
    content_hash text not null,
    primary key (experiment_id, arm),
    constraint an_arm_is_control_or_treatment check (arm in ('control', 'treatment')),
    constraint an_arm_is_an_immutable_version foreign key (directive_key, content_hash) references public.directive_versions
);

-- One row for each company (lead, where none is known) that was exposed; its outcome is the first within the window.
-- `folded` says what of it stands in the counts: 1 assigned, 2 succeeded, 4 matured, 8 opted out, 16 complained.
create table public.experiment_units (
    unit text not null,
    experiment_id bigint not null references public.experiments,
    arm text not null,
    source text not null,
    exposed_at timestamptz not null,
    succeeded_at timestamptz,
    opted_out_at timestamptz,
    complained_at timestamptz,
    folded int not null default 0,
    stale boolean not null default true,
    matured boolean not null default false,
    primary key (unit, experiment_id),
    constraint a_unit_is_in_an_arm foreign key (experiment_id, arm) references public.experiment_arms
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
create index experiment_units_stale on public.experiment_units (experiment_id) where stale;
create index experiment_units_maturing on public.experiment_units (experiment_id, exposed_at) where not matured;

create table public.experiment_counts (
    experiment_id bigint not null references public.experiments,
    arm text not null,
    source text not null,
    assigned int not null default 0,
    succeeded int not null default 0,
    matured int not null default 0,
    matured_succeeded int not null default 0,
    opted_out int not null default 0,
    complained int not null default 0,
    primary key (experiment_id, arm, source)
);

-- What each arm of a test of the hour gets of a day's calls: as large a part as waits in it that morning.
create table public.experiment_hour_shares (
    experiment_id bigint not null references public.experiments,
    day date not null,
    treatment_share numeric not null,
    primary key (experiment_id, day),
    constraint a_share_is_a_part_of_the_day check (treatment_share between 0 and 1)
);

create function public.refuse_another_verdict() returns trigger
language plpgsql
set search_path = public, pg_temp
as $$
begin
    raise exception 'a verdict stands: a second look is a new experiment' using errcode = 'GL001';
end
$$;
create trigger verdicts_latch before update on public.experiments
for each row when (old.verdict is not null and (new.verdict is distinct from old.verdict or new.reason is distinct from old.reason))
execute function public.refuse_another_verdict();
create trigger arms_are_immutable before update or delete on public.experiment_arms
for each row execute function public.refuse_new_body();

create function public.unit_of(company_id bigint, lead_id bigint) returns text
language sql immutable
set search_path = public, pg_temp
as $$ select coalesce('company:' || company_id, 'lead:' || lead_id) $$;

-- A salted coin: the same company is in the same arm of a test however often it is asked, and in an unrelated one of the next.
create function public.arm_of(salt text, unit text, treatment_share numeric) returns text
language sql immutable
set search_path = public, pg_temp
as $$
    select case when (get_byte(h, 0) * 16777216::bigint + get_byte(h, 1) * 65536 + get_byte(h, 2) * 256 + get_byte(h, 3))
                     < treatment_share * 4294967296 then 'treatment' else 'control' end
    from (select sha256(convert_to(salt || '|' || unit, 'UTF8')) as h) x
$$;

-- A call lasts, and word of it takes a while: a window of 0 days is an hour long.
create function public.outcome_window(days int) returns interval
language sql immutable
set search_path = public, pg_temp
as $$ select make_interval(days => days, hours => 1) $$;

-- Units meet what is tested: rows {experiment_id, unit, arm, source, at}. Only the first meeting counts.
create function public.expose_units(exposures jsonb) returns void
language sql
set search_path = public, pg_temp
as $$
    insert into experiment_units (unit, experiment_id, arm, source, exposed_at)
    select x.unit, x.experiment_id, x.arm, coalesce(x.source, ''), x.at
    from jsonb_to_recordset(exposures) x (experiment_id bigint, unit text, arm text, source text, at timestamptz)
    join experiments e on e.id = x.experiment_id and e.state = 'running'
    order by 1, 2
    on conflict on constraint experiment_units_pkey do nothing
$$;

-- Copy is met with the first touch that carries it: at the intent, before anyone knows whether it arrives.
create function public.expose_touch() returns trigger
language plpgsql
set search_path = public, pg_temp
as $$
begin
    perform expose_units(jsonb_agg(jsonb_build_object(
        'experiment_id', a.key, 'arm', a.value, 'unit', unit_of(new.company_id, new.lead_id), 'source', new.source, 'at', loop_now())))
    from jsonb_each_text(new.provenance -> 'arms') a;
    return new;
end
$$;
create trigger copy_is_met_at_the_intent after update of provenance on public.touches
for each row when (new.provenance -> 'arms' <> '{}' and new.provenance is distinct from old.provenance)
execute function public.expose_touch();

-- Order, spacing, hour and channel are met with the enrolment. `playbook` is a key, with `@hash` for another version of it.
create function public.expose_enrolment() returns trigger
language plpgsql
set search_path = public, pg_temp
as $$
begin
    perform expose_units(jsonb_agg(jsonb_build_object(
        'experiment_id', e.id, 'arm', arm_of(e.salt, unit_of(new.company_id, new.lead_id), e.treatment_share),
        'unit', unit_of(new.company_id, new.lead_id), 'source', l.source, 'at', new.enrolled_at)))
    from experiments e join leads l on l.id = new.lead_id
    where e.state = 'running' and e.counted_from = 'enrolment' and e.directive_key = split_part(new.playbook, '@', 1)
        and e.population in ('everyone', 'source:' || l.source);
    return new;
end
$$;
create trigger sequences_are_met_at_the_enrolment after insert on public.enrolments
for each row when (not new.held_out) execute function public.expose_enrolment();

-- What became of units: rows {unit, channel, event, at}; event is a milestone. The first success within the window counts.
create function public.note_unit_outcomes(outcomes jsonb) returns void
language sql
set search_path = public, pg_temp
as $$
    update experiment_units u
    set succeeded_at = case when x.event = e.metric then least(u.succeeded_at, x.at) else u.succeeded_at end,
        opted_out_at = case when x.event = 'opted_out' then least(u.opted_out_at, x.at) else u.opted_out_at end,
        complained_at = case when x.event = 'complained' then least(u.complained_at, x.at) else u.complained_at end,
        stale = true
    from jsonb_to_recordset(outcomes) x (unit text, channel text, event text, at timestamptz), experiments e
    where u.unit = x.unit and e.id = u.experiment_id and e.state in ('running', 'suspended')
        and x.at between u.exposed_at and u.exposed_at + outcome_window(e.window_days)
        and ((x.event = e.metric and (e.channel is null or e.channel = x.channel)) or x.event = any(e.guardrails))
$$;

-- One statement for each milestone that is new, since two of them may touch the same unit.
create function public.note_touch_outcomes() returns trigger
language plpgsql
set search_path = public, pg_temp
as $$
declare m record;
begin
    if (new.answered_at, new.dm_contact_at, new.conversation_at, new.replied_at, new.positive_at, new.booked_at,
        new.opted_out_at, new.complained_at) is not distinct from
       (old.answered_at, old.dm_contact_at, old.conversation_at, old.replied_at, old.positive_at, old.booked_at,
        old.opted_out_at, old.complained_at)
    then
        return new;
    end if;
    for m in
        select n.key, (n.value)::timestamptz as at from jsonb_each_text(jsonb_build_object(
            'answered', new.answered_at, 'dm_contact', new.dm_contact_at, 'conversation', new.conversation_at,
            'replied', new.replied_at, 'positive', new.positive_at, 'booked', new.booked_at,
            'opted_out', new.opted_out_at, 'complained', new.complained_at)) n
        join jsonb_each_text(jsonb_build_object(
            'answered', old.answered_at, 'dm_contact', old.dm_contact_at, 'conversation', old.conversation_at,
            'replied', old.replied_at, 'positive', old.positive_at, 'booked', old.booked_at,
            'opted_out', old.opted_out_at, 'complained', old.complained_at)) o using (key)
        where n.value is distinct from o.value
    loop
        perform note_unit_outcomes(jsonb_build_array(jsonb_build_object(
            'unit', unit_of(new.company_id, new.lead_id), 'channel', new.channel, 'event', m.key, 'at', m.at)));
    end loop;
    return new;
end
$$;
create trigger outcomes_reach_the_tests after update on public.touches
for each row execute function public.note_touch_outcomes();

-- Bring the counts up to date by what changed since the last time: units that are new, heard of, or past their window.
-- At most `max_rows` at a time; returns how many were folded. A unit that somebody writes this moment waits for the next time.
-- By the index alone: nothing tells the planner how few changed, and a hash join reads everybody who was ever exposed.
create function public.fold_experiments_v1(max_rows int) returns int
language plpgsql
set search_path = public, pg_temp
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare n int;
begin
    with counting as (
        select e.id, loop_now() - outcome_window(e.window_days) as matured_before from experiments e where e.state in ('running', 'suspended')
    ), changed as materialized (
        select u.unit, u.experiment_id, c.matured_before from counting c
        cross join lateral (
            select s.unit, s.experiment_id from experiment_units s where s.experiment_id = c.id and s.stale
            union select m.unit, m.experiment_id from experiment_units m
            where m.experiment_id = c.id and not m.matured and m.exposed_at <= c.matured_before) u
        limit max_rows
    ), locked as materialized (
        select u.unit, u.experiment_id, u.folded as was, k.matured_before from experiment_units u
        join changed k using (unit, experiment_id) for update of u skip locked
    ), done as (
        update experiment_units u
        set stale = false, matured = u.matured or u.exposed_at <= l.matured_before,
            folded = 1 + 2 * (u.succeeded_at is not null)::int + 4 * (u.matured or u.exposed_at <= l.matured_before)::int
                + 8 * (u.opted_out_at is not null)::int + 16 * (u.complained_at is not null)::int
        from locked l where u.unit = l.unit and u.experiment_id = l.experiment_id
        returning u.experiment_id, u.arm, u.source, u.folded as is_now, l.was
    ), moved as (
        insert into experiment_counts as c (experiment_id, arm, source, assigned, succeeded, matured, matured_succeeded, opted_out, complained)
        select d.experiment_id, d.arm, d.source, sum((d.is_now & 1) - (d.was & 1)), sum((d.is_now & 2) / 2 - (d.was & 2) / 2),
               sum((d.is_now & 4) / 4 - (d.was & 4) / 4),
               sum(((d.is_now & 6) = 6)::int - ((d.was & 6) = 6)::int),
               sum((d.is_now & 8) / 8 - (d.was & 8) / 8), sum((d.is_now & 16) / 16 - (d.was & 16) / 16)
        from done d group by d.experiment_id, d.arm, d.source order by 1, 2, 3
        on conflict on constraint experiment_counts_pkey do update
        set assigned = c.assigned + excluded.assigned, succeeded = c.succeeded + excluded.succeeded,
            matured = c.matured + excluded.matured, matured_succeeded = c.matured_succeeded + excluded.matured_succeeded,
            opted_out = c.opted_out + excluded.opted_out, complained = c.complained + excluded.complained
    )
    select count(*) into n from done;
    return n;
end
$$;

-- Share the calls of a day between the arms of each test of the hour, once, by what is due before `ends`. Equal parts would
-- contact more of the smaller arm, and so make it win by chance alone; whoever calls first would take all.
create function public.share_hours_v1(day date, ends timestamptz) returns int
language plpgsql
set search_path = public, pg_temp
as $$
declare n int;
begin
    insert into experiment_hour_shares (experiment_id, day, treatment_share)
    select e.id, share_hours_v1.day, avg((x.arm = 'treatment')::int)
    from experiments e
    cross join lateral (
        select arm_of(e.salt, unit_of(o.company_id, o.lead_id), e.treatment_share) as arm
        from deliveries d join touches o on o.id = d.id
        where d.state = 'planned' and d.kind = 'touch' and d.channel = 'call' and d.due_at < ends and o.purpose = 'prospect') x
    where e.state = 'running' and e.lever = 'call_hour'
    group by e.id
    on conflict on constraint experiment_hour_shares_pkey do nothing;
    get diagnostics n = row_count;
    return n;
end
$$;

-- Plans and counts of what runs, after `after_id`, at most `max_rows`. Arms are {arm: [{source, assigned, ...}]}.
create function public.experiments_counting_v1(after_id bigint, max_rows int) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(to_jsonb(x) order by x.id), '[]') from (
        select e.id, e.kind, e.name, e.lever, e.directive_key, e.metric, e.channel, e.window_days, e.base_rate, e.n_max, e.max_days,
               e.treatment_share, e.alpha, e.guardrails, e.state, e.started_at, e.suspended_at, e.follows,
               e.detector_level, e.detector_n, e.detector_successes,
               coalesce((select jsonb_agg(to_jsonb(c) - 'experiment_id' order by c.arm, c.source)
                         from experiment_counts c where c.experiment_id = e.id), '[]') as counts
        from experiments e where e.state in ('running', 'suspended') and e.id > after_id order by e.id limit max_rows) x
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
