-- What a check-up asks of the database itself.

-- Which migrations were applied, by version. The ledger of migrations belongs to the schema of the Supabase CLI, which
-- the API's roles cannot see; this says no more than the versions.
create function public.applied_migrations_v1() returns jsonb
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if to_regclass('supabase_migrations.schema_migrations') is null then return '[]'; end if;
    return (select coalesce(jsonb_agg(m.version order by m.version), '[]') from supabase_migrations.schema_migrations m);
end
$$;

revoke all on function public.applied_migrations_v1() from public, anon, authenticated;
grant execute on function public.applied_migrations_v1() to service_role;
notify pgrst, 'reload schema';
