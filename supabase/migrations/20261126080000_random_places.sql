-- Whether the ranking is worth anything: some companies stand in the queue where chance puts them, whatever their score.

-- The score in whose place this touch stands; null where it is its own.
alter table public.touches add column random_place int;

-- What became of companies by how they were placed: those contacted in `days` days that ended `settle_days` ago, and how many of them
-- showed interest or booked. Bounded by its days, so it costs the same however long the history is.
create function public.ranking_v1(days int, settle_days int) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    with contacted as (
        select unit_of(o.company_id, o.lead_id) as unit, bool_or(o.random_place is not null) as at_random,
               bool_or(o.positive_at is not null or o.booked_at is not null) as won
        from touches o join deliveries d on d.id = o.id
        where o.day < loop_now()::date - settle_days and o.day >= loop_now()::date - settle_days - days and o.purpose = 'prospect' and d.accepted_at is not null
        group by 1
    )
    select jsonb_build_object(
        'ranked', count(*) filter (where not c.at_random), 'ranked_won', count(*) filter (where not c.at_random and c.won),
        'at_random', count(*) filter (where c.at_random), 'at_random_won', count(*) filter (where c.at_random and c.won))
    from contacted c
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
