-- One suppression ledger: people whom a list or a CRM says not to contact are closed like those who said it to us.

-- Each person is a list of addresses. Returns how many addresses were closed that were open before.
create function public.suppress_people_v1(people jsonb, reason text, source text) returns int
language plpgsql
set search_path = public, pg_temp
as $$
declare
    person jsonb;
    of_lead bigint;
    before bigint := (select count(*) from suppressions);
begin
    for person in select * from jsonb_array_elements(people) loop
        perform suppress_address(a, 'person', suppress_people_v1.reason, suppress_people_v1.source)
        from jsonb_array_elements_text(person) a;
        for of_lead in
            select l.id from leads l where l.email in (select lower(a) from jsonb_array_elements_text(person) a)
            union select p.lead_id from phones p where p.number in (select a from jsonb_array_elements_text(person) a)
            order by 1
        loop
            perform from leads l where l.id = of_lead for no key update;
            perform suppress_lead(of_lead, suppress_people_v1.reason, suppress_people_v1.source);
            perform stop_sequences(of_lead, null, 'opted_out');
        end loop;
    end loop;
    return (select count(*) from suppressions) - before;
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
