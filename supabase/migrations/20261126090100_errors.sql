-- Errors by their fingerprint: in which file a run failed and with which code, never its text. The row outlives the run, which
-- may be run again and end well.
create table public.errors (
    id bigint generated always as identity primary key,
    stage text not null,
    code text not null,
    place text not null,
    first_at timestamptz not null,
    last_at timestamptz not null,
    times int not null default 1,
    constraint an_error_is_known_once unique (stage, code, place),
    constraint an_error_is_seen_from_its_first_time_on check (first_at <= last_at and times > 0)
);
create index errors_by_first_time on public.errors (first_at);

-- Close a run, as before. False when another worker took it over meanwhile. What it failed with is known from now on.
create or replace function public.finish_slot_v1(run_id bigint, fence bigint, state text, report jsonb, error jsonb default null)
returns boolean
language plpgsql
set search_path = public, pg_temp
as $$
declare closed stage_runs;
begin
    update stage_runs r
    set state = finish_slot_v1.state, report = coalesce(finish_slot_v1.report, '{}'), error = finish_slot_v1.error,
        finished_at = loop_now()
    where r.id = run_id and r.fence = finish_slot_v1.fence and r.state = 'running' returning * into closed;
    if closed.state = 'failed' then
        insert into errors as e (stage, code, place, first_at, last_at)
        values (closed.stage, coalesce(error ->> 'code', 'unexplained'),
                regexp_replace(coalesce(error ->> 'where', ''), ':[0-9]+$', ''), closed.finished_at, closed.finished_at)
        on conflict on constraint an_error_is_known_once do update set last_at = excluded.last_at, times = e.times + 1;
    end if;
    return closed.id is not null;
end
$$;

-- Errors met for the first time since then: {id, stage, code, place, first_at, times}, oldest first.
create function public.new_errors(since timestamptz) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(jsonb_build_object(
        'id', e.id, 'stage', e.stage, 'code', e.code, 'place', e.place, 'first_at', e.first_at, 'times', e.times) order by e.id), '[]')
    from errors e where e.first_at >= since
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
