-- Turned off is not the same as never turned on: what went live once stays the installation, the app and the database that did.
-- Turning off what never was on, or on a copy, changes nothing of that.
create or replace function public.set_live_v1(live boolean, installation_id uuid, app text, actor text) returns void
language plpgsql
set search_path = public, pg_temp
as $$
begin
    update controls c
    set live = set_live_v1.live,
        installation_id = case when set_live_v1.live then set_live_v1.installation_id else c.installation_id end,
        app = case when set_live_v1.live then set_live_v1.app else c.app end,
        database_id = case when set_live_v1.live then database_identity() else c.database_id end,
        live_changed_at = loop_now(), live_changed_by = actor;
    insert into evolution_log (changed_at, subject, change, before, after, approver)
    values (loop_now(), 'live', case when set_live_v1.live then 'turned on' else 'turned off' end, null,
            jsonb_build_object('app', set_live_v1.app), actor);
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
