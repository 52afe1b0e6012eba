-- The day so far: what the morning's plan needs to say how many of those due fit into it.

-- Returns {waiting: {channel: touches}, spent: {channel: usd}, used: {sender: sends}, senders: {sender: {set_up, health,
-- warmup_started_on}}}. Waiting are touches of earlier days that are due by `upto`.
create function public.day_so_far_v1(today date, upto timestamptz) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select jsonb_build_object(
        'waiting', (select coalesce(jsonb_object_agg(x.channel, x.n), '{}') from (
            select d.channel, count(*) as n from deliveries d
            where d.state in ('planned', 'leased') and d.kind = 'touch' and d.due_at < upto group by d.channel) x),
        'spent', (select coalesce(jsonb_object_agg(replace(u.scope, 'budget:', ''), u.used), '{}')
            from cap_usage u where u.scope like 'budget:%' and u.bucket = today::text),
        'used', (select coalesce(jsonb_object_agg(replace(u.scope, 'sender:', ''), u.used), '{}')
            from cap_usage u where u.scope like 'sender:%' and u.bucket = today::text),
        'senders', (select coalesce(jsonb_object_agg(s.id, jsonb_build_object(
            'set_up', s.set_up, 'health', s.health, 'warmup_started_on', s.warmup_started_on)), '{}')
            from senders s where s.active))
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
