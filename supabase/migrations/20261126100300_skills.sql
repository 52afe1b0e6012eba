-- Skills: a remedy for a bottleneck, spawned with its test in one transaction, and gone or kept as the test ends.

create table public.skills (
    id bigint generated always as identity primary key,
    kind text not null,
    problem text not null,
    metric text not null,
    baseline_value numeric not null,
    target_value numeric not null,
    experiment_id bigint not null references public.experiments,
    state text not null default 'testing',
    spawned_at timestamptz not null,
    decided_at timestamptz,
    reason text,
    constraint a_skill_is_of_a_known_kind check (kind in (
        'instant-responder', 'lead-scorer', 'pattern-optimizer', 'follow-up-sequencer', 'source-optimizer'
    )),
    constraint a_skill_is_testing_active_or_killed check (state in ('testing', 'active', 'killed')),
    constraint a_skill_is_decided_once_its_test_is check ((state = 'testing') = (decided_at is null)),
    constraint a_test_is_of_one_skill unique (experiment_id)
);
create unique index a_kind_of_skill_is_there_once on public.skills (kind) where state in ('testing', 'active');

-- A skill and its test, both or neither. None while one of its kind is testing or active, none for `rest_days` after a kill, none
-- where the same change was proposed before. Returns {id} or {refused: why}.
create function public.spawn_skill_v1(skill jsonb, proposal jsonb, rest_days int) returns jsonb
language plpgsql
set search_path = public, pg_temp
as $$
declare
    test bigint;
    made bigint;
begin
    perform pg_advisory_xact_lock(hashtextextended('skills', 0));
    if exists (select from skills s where s.kind = skill ->> 'kind' and s.state in ('testing', 'active')) then
        return jsonb_build_object('refused', 'one is testing or active');
    end if;
    if exists (select from skills s where s.kind = skill ->> 'kind' and s.decided_at > loop_now() - make_interval(days => rest_days)) then
        return jsonb_build_object('refused', 'one was killed and rests');
    end if;
    if exists (select from experiments e where e.name = proposal ->> 'name') then
        return jsonb_build_object('refused', 'the same change was proposed before');
    end if;
    test := propose_experiment_v1(proposal);
    insert into skills (kind, problem, metric, baseline_value, target_value, experiment_id, spawned_at)
    values (skill ->> 'kind', skill ->> 'problem', skill ->> 'metric', (skill ->> 'baseline_value')::numeric,
            (skill ->> 'target_value')::numeric, test, loop_now())
    returning id into made;
    return jsonb_build_object('id', made);
end
$$;

-- What becomes of the test becomes of the skill: refused, stopped or not shipped kills it.
create function public.end_skill() returns trigger
language plpgsql
set search_path = public, pg_temp
as $$
begin
    update skills s set state = 'killed', decided_at = loop_now(), reason = coalesce(new.reason, 'its test ended')
    where s.experiment_id = new.id and s.state = 'testing'
        and not exists (select from evolution_log g where g.experiment_id = new.id and g.change = 'deployed');
    return new;
end
$$;
create constraint trigger a_skill_ends_with_its_test after update of state on public.experiments
deferrable initially deferred for each row
when (new.state in ('refused', 'ended') and old.state is distinct from new.state) execute function public.end_skill();

-- Shipped: it is active. Taken back: it is killed after all.
create function public.decide_skill() returns trigger
language plpgsql
set search_path = public, pg_temp
as $$
begin
    update skills s
    set state = case when new.undoes is null then 'active' else 'killed' end, decided_at = loop_now(),
        reason = case when new.undoes is null then 'its test won and was shipped' else 'what it changed was taken back' end
    where s.experiment_id = new.experiment_id and s.state <> 'killed';
    return new;
end
$$;
create trigger a_skill_is_active_once_shipped after insert on public.evolution_log
for each row when (new.experiment_id is not null and (new.change = 'deployed' or new.undoes is not null))
execute function public.decide_skill();

create function public.skills_v1(max_rows int) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(to_jsonb(x) order by x.id desc), '[]') from (
        select s.* from skills s order by s.id desc limit max_rows) x
$$;

-- Where leads pile up, of the days up to `upto`: companies that came in and were contacted within the week; the hours from coming in to
-- the first contact; positive answers of those contacted in four weeks that are old enough, the days they took, and by source.
-- {new, contacted, response_hours, reached, qualified, days_to_qualified, sources: [{source, n, k}]}
create function public.bottlenecks_v1(since timestamptz, upto timestamptz, first_day date, last_day date) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    with arrived as (
        select unit_of(l.company_id, l.id) as unit, min(l.imported_at) as at from leads l
        where l.imported_at >= since and l.imported_at < upto and l.erased_at is null
            and not exists (select from enrolments e where e.lead_id = l.id and e.held_out)
        group by 1
    ), answered as (
        select f.unit, f.source, 'positive' = any(f.reached) or 'booked' = any(f.reached) as qualified,
               d.submitted_at as contacted_at
        from first_contacts f join deliveries d on d.id = f.touch_id
        where f.channel = 'any' and f.day between first_day and last_day
    ), took as (
        select a.unit, min(coalesce(o.positive_at, o.booked_at)) - min(a.contacted_at) as span
        from answered a
        join touches o on unit_of(o.company_id, o.lead_id) = a.unit and coalesce(o.positive_at, o.booked_at) is not null
        where a.qualified group by a.unit
    )
    select jsonb_build_object(
        'new', (select count(*) from arrived),
        'contacted', (select count(*) from arrived a join first_contacts f on f.unit = a.unit and f.channel = 'any'),
        'response_hours', (select avg(extract(epoch from d.submitted_at - a.at) / 3600) from arrived a
            join first_contacts f on f.unit = a.unit and f.channel = 'any' join deliveries d on d.id = f.touch_id
            where d.submitted_at >= a.at),
        'reached', (select count(*) from answered), 'qualified', (select count(*) from answered a where a.qualified),
        'days_to_qualified', (select avg(extract(epoch from t.span) / 86400) from took t),
        'sources', (select coalesce(jsonb_agg(jsonb_build_object('source', x.source, 'n', x.n, 'k', x.k) order by x.source), '[]')
            from (select coalesce(a.source, '') as source, count(*) as n, count(*) filter (where a.qualified) as k
                  from answered a group by 1) x))
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
