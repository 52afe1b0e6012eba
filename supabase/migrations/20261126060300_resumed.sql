-- The owner says that a channel works again (a new key, a paid bill): it is tried at once, and what waited for it is due.
-- Returns the channels that rested.
create function public.end_rests_v1() returns jsonb
language plpgsql
set search_path = public, pg_temp
as $$
declare rested text[];
begin
    with ended as (
        update channels c set rests_until = null, rest_code = null where c.rests_until > loop_now() returning c.channel
    )
    select coalesce(array_agg(e.channel order by e.channel), '{}') into rested from ended e;
    update deliveries d set due_at = loop_now()
    where d.state = 'planned' and d.code = 'VENDOR_LIMIT' and d.due_at > loop_now() and d.channel = any(rested);
    return to_jsonb(rested);
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
