-- What is to be shipped: tests that won, with the owner's word where one was asked for.

create function public.experiments_to_ship_v1() returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(to_jsonb(x) order by x.id), '[]') from (
        select e.id, e.state, e.directive_key, e.reason, e.figures, h.content_hash as treatment_hash,
               (select case when a.state = 'pending' and a.expires_at <= loop_now() then 'expired' else a.state end
                from approvals a where a.subject = 'experiment:' || e.id order by a.id desc limit 1) as approval
        from experiments e join experiment_arms h on h.experiment_id = e.id and h.arm = 'treatment'
        where e.state in ('decided', 'review') order by e.id limit 1000) x
$$;

-- Few are open at a time, many are over.
create index experiments_open on public.experiments (state) where state in ('queued', 'running', 'suspended', 'decided', 'review');

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
