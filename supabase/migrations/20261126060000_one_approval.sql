-- One approval by its number, for whoever holds the link to it: as it stands now, null when there is none.
create function public.approval_v1(approval_id bigint) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select jsonb_build_object(
        'id', a.id, 'subject', a.subject, 'words', a.words, 'why', a.why, 'change', a.change, 'fingerprint', a.fingerprint,
        'asked_at', a.asked_at, 'expires_at', a.expires_at, 'decided_at', a.decided_at, 'decided_by', a.decided_by,
        'state', case when a.state = 'pending' and a.expires_at <= loop_now() then 'expired' else a.state end)
    from approvals a where a.id = approval_v1.approval_id
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
