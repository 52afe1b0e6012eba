-- The kill switch says what it could not stop: whatever had passed `begin_send` is in flight, and its trail says so.

alter table public.controls add column in_flight_at_switch int not null default 0;

-- The update waits for every `begin_send` that has looked at the switch, so what is counted after it is all that there is.
create or replace function public.set_kill_switch_v1(kill_switch boolean, reason text, actor text) returns void
language plpgsql
set search_path = public, pg_temp
as $$
declare n int := 0;
begin
    update controls
    set kill_switch = set_kill_switch_v1.kill_switch, kill_switch_reason = reason,
        kill_switch_changed_at = loop_now(), kill_switch_changed_by = actor;
    if set_kill_switch_v1.kill_switch then
        insert into delivery_transitions (delivery_id, at, from_state, to_state, code)
        select d.id, loop_now(), d.state, d.state, 'in_flight_at_switch' from deliveries d
        where d.kind = 'touch' and (d.state in ('submitted', 'unknown') or (d.state = 'accepted' and d.channel = 'call'));
        get diagnostics n = row_count;
    end if;
    update controls set in_flight_at_switch = n;
end
$$;

create or replace function public.live_status_v1(installation_id uuid) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select jsonb_build_object(
        'on', c.live, 'installation_id', c.installation_id, 'app', c.app,
        'installation_matches', c.installation_id is not distinct from live_status_v1.installation_id,
        'database_matches', c.database_id is not distinct from database_identity(),
        'may_send', c.live and c.installation_id = live_status_v1.installation_id
            and c.database_id = database_identity(),
        'kill_switch', c.kill_switch, 'kill_switch_reason', c.kill_switch_reason,
        'in_flight_at_switch', c.in_flight_at_switch)
    from controls c
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
