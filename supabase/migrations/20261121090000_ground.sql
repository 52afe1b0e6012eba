-- Ground: who may call what, the clock, the owner's switches, the ledger of stages.

do $$
begin
    if not exists (select from pg_roles where rolname = 'anon') then create role anon nologin; end if;
    if not exists (select from pg_roles where rolname = 'authenticated') then create role authenticated nologin; end if;
    if not exists (select from pg_roles where rolname = 'service_role') then
        create role service_role nologin bypassrls;
    end if;
end
$$;

-- Supabase grants everything in public to its API roles by default; this project is for the service role only.
revoke all on schema public from public;
revoke all on all tables in schema public from public, anon, authenticated;
revoke all on all sequences in schema public from public, anon, authenticated;
revoke all on all functions in schema public from public, anon, authenticated;
alter default privileges in schema public revoke all on tables from public, anon, authenticated;
alter default privileges in schema public revoke all on sequences from public, anon, authenticated;
alter default privileges in schema public revoke all on functions from public, anon, authenticated;
grant usage on schema public to service_role;

-- The one clock of the loop. Workers' clocks differ; the database's is shared. Nothing in production replaces it.
create function public.loop_now() returns timestamptz
language sql volatile
as $$ select clock_timestamp() $$;

-- Which physical database this is: a restored or copied one differs, and a copy must not send.
create function public.database_identity() returns text
language sql stable
set search_path = public, pg_temp
as $$
    select system_identifier::text || '/' || (select oid::text from pg_database where datname = current_database())
    from pg_control_system()
$$;

create sequence public.fences;

create table public.controls (
    only_row boolean primary key default true,
    live boolean not null default false,
    installation_id uuid,
    app text,
    database_id text,
    live_changed_at timestamptz,
    live_changed_by text,
    kill_switch boolean not null default false,
    kill_switch_reason text,
    kill_switch_changed_at timestamptz,
    kill_switch_changed_by text,
    constraint there_is_one_row_of_controls check (only_row),
    constraint live_names_the_installation_and_its_database
    check (not live or (installation_id is not null and app is not null and database_id is not null))
);
insert into public.controls default values;

-- What the owner decides outside the directives: states opted in for business lines, registrations held.
create table public.settings (
    key text primary key,
    value jsonb not null,
    updated_at timestamptz not null default public.loop_now(),
    updated_by text not null
);

create table public.stage_runs (
    id bigint generated always as identity primary key,
    stage text not null,
    slot timestamptz not null,
    run_no int not null default 0,
    state text not null,
    by_hand boolean not null default false,
    worker text not null,
    fence bigint not null,
    lease_until timestamptz not null,
    started_at timestamptz not null,
    finished_at timestamptz,
    report jsonb not null default '{}',
    error jsonb,
    constraint a_slot_is_run_once unique (stage, slot, run_no),
    constraint a_run_is_in_a_known_state check (state in ('running', 'ok', 'failed', 'skipped')),
    constraint what_ended_has_an_end check ((state = 'running') = (finished_at is null)),
    constraint a_failure_says_why check (state <> 'failed' or error is not null)
);
create index stage_runs_latest on public.stage_runs (stage, slot desc, run_no desc);

create table public.evolution_log (
    id bigint generated always as identity primary key,
    changed_at timestamptz not null,
    subject text not null,
    change text not null,
    before jsonb,
    after jsonb,
    evidence jsonb,
    approver text not null
);

-- Take a slot of a stage. The advisory lock makes "is anyone running?" and "then it is mine" one step.
-- A row whose lease lapsed is taken over with a new fence; a finished slot is done unless forced.
create function public.claim_slot_v1(
    stage text, slot timestamptz, lease_s int, worker text, by_hand boolean default false, force boolean default false
) returns jsonb
language plpgsql
set search_path = public, pg_temp
as $$
declare
    t timestamptz := loop_now();
    last stage_runs;
    mine stage_runs;
begin
    perform pg_advisory_xact_lock(hashtextextended('stage:' || claim_slot_v1.stage, 0));
    if exists (select from stage_runs r where r.stage = claim_slot_v1.stage and r.state = 'running' and r.lease_until > t) then
        return jsonb_build_object('won', false, 'status', 'running', 'run_id', null, 'run_no', null, 'fence', null);
    end if;
    select * into last from stage_runs r
    where r.stage = claim_slot_v1.stage and r.slot = claim_slot_v1.slot order by r.run_no desc limit 1;
    if last.id is not null and last.state in ('running', 'failed') and not force then
        update stage_runs r
        set state = 'running', finished_at = null, fence = nextval('fences'), worker = claim_slot_v1.worker,
            by_hand = claim_slot_v1.by_hand, lease_until = t + make_interval(secs => lease_s), started_at = t
        where r.id = last.id returning * into mine;
    elsif last.id is null or force then
        insert into stage_runs (stage, slot, run_no, state, by_hand, worker, fence, lease_until, started_at)
        values (claim_slot_v1.stage, claim_slot_v1.slot, coalesce(last.run_no + 1, 0), 'running', claim_slot_v1.by_hand,
                claim_slot_v1.worker, nextval('fences'), t + make_interval(secs => lease_s), t)
        returning * into mine;
    else
        return jsonb_build_object('won', false, 'status', 'done', 'run_id', last.id, 'run_no', last.run_no, 'fence', null);
    end if;
    return jsonb_build_object('won', true, 'status', 'won', 'run_id', mine.id, 'run_no', mine.run_no, 'fence', mine.fence);
end
$$;

-- Close a run. False when another worker took it over meanwhile.
create function public.finish_slot_v1(run_id bigint, fence bigint, state text, report jsonb, error jsonb default null)
returns boolean
language plpgsql
set search_path = public, pg_temp
as $$
begin
    update stage_runs r
    set state = finish_slot_v1.state, report = coalesce(finish_slot_v1.report, '{}'), error = finish_slot_v1.error,
        finished_at = loop_now()
    where r.id = run_id and r.fence = finish_slot_v1.fence and r.state = 'running';
    return found;
end
$$;

create function public.last_runs_v1() returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(to_jsonb(r) - 'worker' - 'fence' order by r.stage), '[]')
    from (select distinct on (stage) * from stage_runs order by stage asc, slot desc, run_no desc) r
$$;

create function public.slot_run_v1(stage text, slot timestamptz) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select to_jsonb(r) - 'worker' - 'fence' from stage_runs r
    where r.stage = slot_run_v1.stage and r.slot = slot_run_v1.slot order by r.run_no desc limit 1
$$;

-- What a stage recorded in its newest finished slots before this one, newest first.
create function public.past_reports_v1(stage text, before timestamptz, max_rows int) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(x.report order by x.slot desc), '[]') from (
        select distinct on (r.slot) r.slot, r.report from stage_runs r
        where r.stage = past_reports_v1.stage and r.slot < before and r.state = 'ok'
        order by r.slot desc, r.run_no asc limit max_rows) x
$$;

create function public.stage_failures_v1(since timestamptz) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(jsonb_build_object('stage', r.stage, 'slot', r.slot, 'error', r.error) order by r.started_at), '[]')
    from (select * from stage_runs where state = 'failed' and started_at >= since order by started_at desc limit 50) r
$$;

create function public.live_status_v1(installation_id uuid) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select jsonb_build_object(
        'on', c.live, 'installation_id', c.installation_id, 'app', c.app,
        'installation_matches', c.installation_id is not distinct from live_status_v1.installation_id,
        'database_matches', c.database_id is not distinct from database_identity(),
        'may_send', c.live and c.installation_id = live_status_v1.installation_id
            and c.database_id = database_identity(),
        'kill_switch', c.kill_switch, 'kill_switch_reason', c.kill_switch_reason)
    from controls c
$$;

create function public.set_live_v1(live boolean, installation_id uuid, app text, actor text) returns void
language plpgsql
set search_path = public, pg_temp
as $$
begin
    update controls c
    set live = set_live_v1.live, installation_id = coalesce(set_live_v1.installation_id, c.installation_id),
        app = coalesce(set_live_v1.app, c.app), database_id = database_identity(),
        live_changed_at = loop_now(), live_changed_by = actor;
    insert into evolution_log (changed_at, subject, change, before, after, approver)
    values (loop_now(), 'live', case when set_live_v1.live then 'turned on' else 'turned off' end, null,
            jsonb_build_object('app', set_live_v1.app), actor);
end
$$;

create function public.set_kill_switch_v1(kill_switch boolean, reason text, actor text) returns void
language sql
set search_path = public, pg_temp
as $$
    update controls
    set kill_switch = set_kill_switch_v1.kill_switch, kill_switch_reason = reason,
        kill_switch_changed_at = loop_now(), kill_switch_changed_by = actor
$$;

create function public.get_settings_v1() returns jsonb
language sql stable
set search_path = public, pg_temp
as $$ select coalesce(jsonb_object_agg(key, value), '{}') from settings $$;

create function public.put_setting_v1(key text, value jsonb, actor text) returns void
language sql
set search_path = public, pg_temp
as $$
    insert into settings as s (key, value, updated_at, updated_by)
    values (put_setting_v1.key, put_setting_v1.value, loop_now(), actor)
    on conflict on constraint settings_pkey do update
    set value = excluded.value, updated_at = excluded.updated_at, updated_by = excluded.updated_by
$$;

create function public.loop_now_v1() returns timestamptz
language sql volatile
set search_path = public, pg_temp
as $$ select loop_now() $$;

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
