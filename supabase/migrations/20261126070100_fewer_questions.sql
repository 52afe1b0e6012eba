-- What is asked again right before each send, in as few statements as the order of the locks allows.

create or replace function public.last_objection(
    d public.deliveries, o public.touches, installation_id uuid, terms jsonb
) returns text
language plpgsql
set search_path = public, pg_temp
as $$
declare
    c controls;
    address text := terms ->> 'address';
begin
    select * into c from controls for share;
    if not c.live or c.installation_id is distinct from last_objection.installation_id
        or c.database_id is distinct from database_identity() then return 'NOT_LIVE'; end if;
    if c.kill_switch then return 'KILL_SWITCH'; end if;
    return (select case
        when o.purpose <> 'confirm_opt_out' and is_suppressed(o.lead_id, address) then 'SUPPRESSED'
        when exists (select from phones p where p.number = address and p.invalid_since is not null)
            or exists (select from leads l where l.id = o.lead_id and (l.erased_at is not null
                or (l.email = address and l.email_invalid_since is not null))) then 'BAD_DATA'
        when o.purpose <> 'prospect' then null
        when in_conversation(o.lead_id, (terms ->> 'conversation_days')::int) or e.state <> 'active' then 'IN_CONVERSATION'
        when e.held_out then 'HOLDOUT'
        -- A limit that is not given is not "no limit".
        when (select n.last_24h < (terms ->> 'per_day')::int and n.last_7d < (terms ->> 'per_week')::int
                and n.total < (terms ->> 'per_life')::int from contacts_of(o.lead_id) n) is not true
            or exists (select from touches t join deliveries x on x.id = t.id
                       where t.lead_id = o.lead_id and t.id <> o.id and t.purpose = 'prospect'
                           and t.day = (terms ->> 'local_day')::date
                           and x.state in ('submitted', 'accepted', 'finished', 'unknown', 'parked'))
        then 'FREQ_CAP' end
        from (select) one left join enrolments e on e.id = o.enrolment_id);
end
$$;

-- The buckets are locked in one order by everybody.
create or replace function public.reserve_tokens(limits jsonb) returns text
language plpgsql
set search_path = public, pg_temp
as $$
declare refused text;
begin
    insert into cap_usage (scope, bucket)
    select l ->> 'scope', l ->> 'bucket' from jsonb_array_elements(limits) l order by 1, 2
    on conflict do nothing;
    with held as materialized (
        select u.scope, u.bucket, (u.used + (l ->> 'cost')::numeric <= (l ->> 'limit')::numeric) is true as fits, l ->> 'code' as code
        from jsonb_array_elements(limits) l join cap_usage u on u.scope = l ->> 'scope' and u.bucket = l ->> 'bucket'
        order by u.scope, u.bucket for update of u
    )
    select h.code into refused from held h where not h.fits order by h.scope, h.bucket limit 1;
    if refused is not null then return refused; end if;
    update cap_usage u set used = u.used + (l ->> 'cost')::numeric
    from jsonb_array_elements(limits) l where u.scope = l ->> 'scope' and u.bucket = l ->> 'bucket';
    return null;
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
