-- Hypotheses with their predictions, what came of them, and what was learned.

create table public.hypotheses (
    id bigint generated always as identity primary key,
    fingerprint text not null,
    week date not null,
    proposed_at timestamptz not null,
    proposed_by text not null,
    claim text not null,
    why text not null,
    test_plan text not null,
    lever text not null,
    directive_key text not null,
    base_hash text not null,
    metric text not null,
    channel text,
    evidence jsonb not null,
    proposal jsonb not null,
    probability numeric not null,
    lift numeric not null,
    lift_low numeric not null,
    lift_high numeric not null,
    due_on date not null,
    cost_usd numeric not null default 0,
    approver text not null,
    state text not null,
    reason text,
    forward_week date,
    experiment_id bigint references public.experiments,
    decided_at timestamptz,
    came_true boolean,
    observed_lift numeric,
    constraint an_idea_is_proposed_once_a_week unique (week, fingerprint),
    constraint a_hypothesis_is_written_by_a_known_hand check (proposed_by in ('claude', 'analyst')),
    constraint a_hypothesis_is_approved_by_loop_or_owner check (approver in ('loop', 'owner')),
    constraint a_hypothesis_is_in_a_known_state
    check (state in ('rejected', 'kept', 'asked', 'forward', 'supported', 'refuted', 'undecided', 'dropped')),
    constraint a_probability_is_a_share check (probability between 0 and 1),
    constraint a_prediction_lies_in_its_interval check (lift_low <= lift and lift <= lift_high),
    constraint what_is_tried_has_its_test check (state not in ('forward', 'supported', 'refuted') or experiment_id is not null),
    constraint what_was_scored_came_true_or_not check ((state in ('supported', 'refuted')) = (came_true is not null)),
    constraint what_is_over_says_why_and_when
    check (state not in ('supported', 'refuted', 'undecided', 'dropped') or (reason is not null and decided_at is not null))
);
create unique index the_same_idea_is_open_once on public.hypotheses (fingerprint) where state in ('kept', 'asked', 'forward');

-- `told` is in our own words: no name, nothing that a person said.
create table public.learnings (
    id bigint generated always as identity primary key,
    key text not null,
    kind text not null,
    title text not null,
    told text not null,
    evidence jsonb not null,
    source text not null,
    hypothesis_id bigint references public.hypotheses,
    learned_at timestamptz not null,
    search tsvector generated always as (to_tsvector('english', title || ' ' || told)) stored,
    constraint a_thing_is_learned_once unique (key),
    constraint a_learning_is_of_a_known_kind check (kind in ('learning', 'winning_play', 'failure_mode'))
);
create index learnings_search on public.learnings using gin (search);

create table public.system_reviews (
    day date primary key,
    written_at timestamptz not null,
    written_by text not null,
    improvements jsonb not null,
    gaps jsonb not null,
    constraint a_review_is_written_by_a_known_hand check (written_by in ('claude', 'analyst'))
);

-- Ideas of a week as code checked them. One that is open already, or was refuted within `rest_days`, is rejected with that reason;
-- the same week again changes nothing. Returns {id, state, reason} in the order given.
create function public.keep_hypotheses_v1(ideas jsonb, rest_days int) returns jsonb
language plpgsql
set search_path = public, pg_temp
as $$
declare
    i jsonb;
    h hypotheses;
    answers jsonb := '[]';
    objection text;
begin
    perform pg_advisory_xact_lock(hashtextextended('hypotheses', 0));
    for i in select * from jsonb_array_elements(ideas) loop
        select * into h from hypotheses x where x.week = (i ->> 'week')::date and x.fingerprint = i ->> 'fingerprint';
        if h.id is null then
            select 'is open already as hypothesis ' || x.id into objection from hypotheses x
            where x.fingerprint = i ->> 'fingerprint' and x.state in ('kept', 'asked', 'forward');
            if objection is null then
                select 'was refuted and rests until ' || to_char(max(x.decided_at) + make_interval(days => rest_days), 'YYYY-MM-DD') into objection
                from hypotheses x where x.fingerprint = i ->> 'fingerprint' and x.state in ('refuted', 'dropped')
                    and x.decided_at > loop_now() - make_interval(days => rest_days)
                having max(x.decided_at) is not null;
            end if;
            objection := coalesce(i ->> 'objection', objection);
            insert into hypotheses (fingerprint, week, proposed_at, proposed_by, claim, why, test_plan, lever, directive_key, base_hash, metric,
                                    channel, evidence, proposal, probability, lift, lift_low, lift_high, due_on, cost_usd, approver, state, reason)
            values (i ->> 'fingerprint', (i ->> 'week')::date, loop_now(), i ->> 'proposed_by', i ->> 'claim', i ->> 'why', i ->> 'test_plan',
                    i ->> 'lever', i ->> 'directive_key', i ->> 'base_hash', i ->> 'metric', i ->> 'channel', i -> 'evidence', i -> 'proposal',
                    (i ->> 'probability')::numeric, (i ->> 'lift')::numeric, (i ->> 'lift_low')::numeric, (i ->> 'lift_high')::numeric,
                    (i ->> 'due_on')::date, (i ->> 'cost_usd')::numeric, i ->> 'approver',
                    case when objection is null then 'kept' else 'rejected' end, objection)
            returning * into h;
        end if;
        answers := answers || jsonb_build_object('id', h.id, 'state', h.state, 'reason', h.reason);
    end loop;
    return answers;
end
$$;

-- One idea goes on: into the queue of tests, or to the owner; at most so many a week, whoever asks. Returns its state afterwards.
create function public.forward_hypothesis_v1(id bigint, week date, most int, days int) returns text
language plpgsql
set search_path = public, pg_temp
as $$
declare h hypotheses;
begin
    perform pg_advisory_xact_lock(hashtextextended('hypotheses', 0));
    select * into h from hypotheses x where x.id = forward_hypothesis_v1.id for update;
    if h.state is distinct from 'kept' or (select count(*) from hypotheses x where x.forward_week = forward_hypothesis_v1.week) >= most then
        return h.state;
    end if;
    if h.approver = 'owner' then
        perform request_approval_v1('hypothesis:' || h.id, 'Test: ' || h.claim, h.why,
            jsonb_build_object('hypothesis', h.id, 'key', h.directive_key, 'content_hash', h.proposal ->> 'content_hash'), h.fingerprint, days);
        update hypotheses x set state = 'asked', forward_week = forward_hypothesis_v1.week where x.id = h.id;
        return 'asked';
    end if;
    update hypotheses x
    set state = 'forward', forward_week = forward_hypothesis_v1.week, experiment_id = propose_experiment_v1(h.proposal)
    where x.id = h.id;
    return 'forward';
end
$$;

-- The owner said yes to one that was asked.
create function public.accept_hypothesis_v1(id bigint) returns boolean
language plpgsql
set search_path = public, pg_temp
as $$
declare h hypotheses;
begin
    select * into h from hypotheses x where x.id = accept_hypothesis_v1.id and x.state = 'asked' for update;
    if h.id is null then return false; end if;
    update hypotheses x set state = 'forward', experiment_id = propose_experiment_v1(h.proposal) where x.id = h.id;
    return true;
end
$$;

-- An idea is over: what it came to, and the learning that stays. Once.
create function public.settle_hypothesis_v1(
    id bigint, state text, reason text, came_true boolean, observed_lift numeric, learning jsonb default null
) returns boolean
language plpgsql
set search_path = public, pg_temp
as $$
begin
    update hypotheses h
    set state = settle_hypothesis_v1.state, reason = settle_hypothesis_v1.reason, came_true = settle_hypothesis_v1.came_true,
        observed_lift = settle_hypothesis_v1.observed_lift, decided_at = loop_now()
    where h.id = settle_hypothesis_v1.id and h.state in ('kept', 'asked', 'forward');
    if not found then return false; end if;
    if learning is not null then
        perform learn_v1(jsonb_build_array(learning || jsonb_build_object('hypothesis_id', id)));
    end if;
    return true;
end
$$;

-- Keep what was learned, each thing once; counts what is new.
create function public.learn_v1(learnings jsonb) returns int
language sql
set search_path = public, pg_temp
as $$
    with new as (
        insert into learnings (key, kind, title, told, evidence, source, hypothesis_id, learned_at)
        select l ->> 'key', l ->> 'kind', l ->> 'title', l ->> 'told', coalesce(l -> 'evidence', '[]'), l ->> 'source',
               (l ->> 'hypothesis_id')::bigint, loop_now()
        from jsonb_array_elements(learn_v1.learnings) l
        on conflict on constraint a_thing_is_learned_once do nothing returning 1)
    select count(*)::int from new
$$;

-- Ideas with what became of their approval and test.
create function public.hypotheses_v1(after_id bigint, max_rows int, only_open boolean) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(to_jsonb(x) order by x.id), '[]') from (
        select h.*, e.name as test, e.state as test_state, e.verdict, e.figures -> 'lift' as test_lift, e.reason as test_reason,
               (select case when a.state = 'pending' and a.expires_at <= loop_now() then 'expired' else a.state end
                from approvals a where a.subject = 'hypothesis:' || h.id order by a.id desc limit 1) as approval
        from hypotheses h left join experiments e on e.id = h.experiment_id
        where h.id > after_id and (not only_open or h.state in ('kept', 'asked', 'forward')) order by h.id limit max_rows) x
$$;

-- How well predictions came out: how many were scored, the Brier score, and how often the interval held what was seen.
create function public.calibration_v1() returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select jsonb_build_object(
        'scored', count(*), 'came_true', count(*) filter (where h.came_true), 'mean_probability', round(avg(h.probability), 4),
        'brier', round(avg((h.probability - h.came_true::int) ^ 2), 4),
        'with_lift', count(h.observed_lift), 'covered', count(*) filter (where h.observed_lift between h.lift_low and h.lift_high))
    from hypotheses h where h.state in ('supported', 'refuted')
$$;

-- What is remembered about some words, best match first: learnings, and answers to objections that led on.
create function public.search_memory_v1(query text, max_rows int) returns jsonb
language plpgsql stable
set search_path = public, pg_temp
as $$
begin
    return (select coalesce(jsonb_agg(to_jsonb(x) order by x.rank desc, x.at desc), '[]') from (
            select l.kind, l.title, l.told, l.learned_at as at, ts_rank(l.search, q)::numeric as rank
            from learnings l, websearch_to_tsquery('english', query) q where l.search @@ q
            union all
            select 'objection_response', replace(r.kind, '_', ' '), r.response, r.last_heard_at, ts_rank(t, q)::numeric
            from objection_responses r, websearch_to_tsquery('english', query) q, to_tsvector('english', replace(r.kind, '_', ' ') || ' ' || r.response) t
            where r.led_on > 0 and t @@ q
            order by 5 desc, 4 desc limit max_rows) x);
end
$$;

create function public.learnings_v1(after_id bigint, max_rows int) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(to_jsonb(x) - 'search' order by x.id), '[]') from (
        select * from learnings l where l.id > after_id order by l.id limit max_rows) x
$$;

-- The evening's reading of the whole system; a second one of the day takes its place.
create function public.keep_review_v1(day date, written_by text, improvements jsonb, gaps jsonb) returns void
language sql
set search_path = public, pg_temp
as $$
    insert into system_reviews as r (day, written_at, written_by, improvements, gaps) values (day, loop_now(), written_by, improvements, gaps)
    on conflict on constraint system_reviews_pkey do update
    set written_at = excluded.written_at, written_by = excluded.written_by, improvements = excluded.improvements, gaps = excluded.gaps
$$;

create function public.review_of_v1(upto date) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$ select to_jsonb(r) from system_reviews r where r.day <= upto order by r.day desc limit 1 $$;

-- Calls that led to a meeting or a wish for one, with how they were: what a caller could be trained on. No person in them.
create function public.successful_calls_v1(after_at timestamptz, max_rows int) returns jsonb
language plpgsql stable
set search_path = public, pg_temp
as $$
begin
    return (select coalesce(jsonb_agg(to_jsonb(x) order by x.reviewed_at), '[]') from (
            select v.reviewed_at, o.script_key, o.script_hash, o.industry, o.booked_at is not null as booked, v.quality, v.talk_share, v.questions,
                   coalesce((select jsonb_agg(jsonb_build_object('objection', k.kind, 'response', r.response) order by k.place)
                             from call_objections k left join objection_responses r on r.id = k.response_id
                             where k.touch_id = v.touch_id), '[]') as objections
            from call_reviews v join touches o on o.id = v.touch_id
            where (o.booked_at is not null or o.positive_at is not null) and v.reviewed_at > after_at
            order by v.reviewed_at limit max_rows) x);
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
