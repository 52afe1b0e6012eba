-- Visits to the owner's site, as RB2B reports them: a sign of intent of whom we know, else a lead at rest. Never a permission.

-- At rest: known, and in no sequence until a list of the owner's names them.
alter table public.leads add column at_rest_since timestamptz;

-- An inbox: kept at once, as it came, and made sense of before the next plan. Then the words go.
create table public.visits (
    id bigint generated always as identity primary key,
    event_key text not null,
    received_at timestamptz not null,
    body text,
    taken_at timestamptz,
    outcome text,
    lead_id bigint references public.leads,
    seen_at timestamptz,
    page text,
    constraint a_visit_is_kept_once unique (event_key),
    constraint what_was_taken_has_its_outcome check ((taken_at is null) = (outcome is null)),
    constraint what_was_taken_keeps_no_words check ((taken_at is null) = (body is not null)),
    constraint a_visit_ends_in_a_known_way check (outcome in ('sign', 'at_rest', 'nobody', 'closed', 'unreadable'))
);
create index visits_to_take on public.visits (id) where taken_at is null;
create index visits_of_lead on public.visits (lead_id);

create function public.keep_visit_v1(event_key text, body text, received_at timestamptz default null) returns boolean
language plpgsql
set search_path = public, pg_temp
as $$
begin
    insert into visits (event_key, body, received_at)
    values (keep_visit_v1.event_key, keep_visit_v1.body, coalesce(keep_visit_v1.received_at, loop_now()))
    on conflict on constraint a_visit_is_kept_once do nothing;
    return found;
end
$$;

create function public.waiting_visits_v1(max_rows int) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(jsonb_build_object('id', x.id, 'body', x.body, 'received_at', x.received_at) order by x.id), '[]')
    from (select * from visits v where v.taken_at is null order by v.id limit max_rows) x
$$;

-- One visit made sense of. `lead` is a row as of an import, null when the body could not be read. Returns {outcome, lead_id,
-- signals}: sign of a known lead (signals when they are news), at_rest for somebody new, nobody when they cannot be reached,
-- closed when their address is suppressed: then nothing of them is kept.
create function public.take_visit_v1(id bigint, lead jsonb, seen_at timestamptz, page text) returns jsonb
language plpgsql
set search_path = public, pg_temp
as $$
declare
    known bigint;
    became text := 'unreadable';
    news text[];
begin
    perform pg_advisory_xact_lock(hashtext('import_leads'));
    perform from visits v where v.id = take_visit_v1.id and v.taken_at is null for update;
    if not found then return jsonb_build_object('outcome', null, 'lead_id', null, 'signals', null); end if;
    if jsonb_typeof(lead) = 'object' then
        known := known_lead(lead);
        became := case when known is not null then 'sign' when lead ->> 'email' is null then 'nobody'
                       when exists (select from suppressions s where s.hash = address_hash(lead ->> 'email')) then 'closed'
                        else 'at_rest' end;
    end if;
    if became = 'at_rest' then
        known := (import_lead(lead, 'rb2b') ->> 'lead_id')::bigint;
        update leads l set at_rest_since = loop_now() where l.id = known;
    elsif became = 'sign' then
        update leads l set signals = array_append(l.signals, 'site_activity'), scored_by = null
        where l.id = known and not 'site_activity' = any(l.signals) returning l.signals into news;
    end if;
    update visits v
    set taken_at = loop_now(), outcome = became, body = null, lead_id = known,
        seen_at = case when known is not null then take_visit_v1.seen_at end, page = case when known is not null then take_visit_v1.page end
    where v.id = take_visit_v1.id;
    return jsonb_build_object('outcome', became, 'lead_id', known, 'signals', to_jsonb(news));
end
$$;

-- As before; and whoever was at rest and stands in a list of the owner's is a lead like any other.
create or replace function public.fill_in_lead(of_lead_id bigint, r jsonb) returns text
language plpgsql
set search_path = public, pg_temp
as $$
declare
    added int := add_phones(of_lead_id, r -> 'phones');
    filled int;
begin
    update leads l
    set email = coalesce(l.email, r ->> 'email'), title = coalesce(l.title, r ->> 'title'),
        country = coalesce(l.country, r ->> 'country'),
        region = case when k.place_learned then r ->> 'region' else l.region end,
        city = case when k.place_learned then r ->> 'city' else l.city end,
        postal_code = case when k.place_learned then r ->> 'postal_code' else l.postal_code end,
        zones = case when k.place_learned then array(select jsonb_array_elements_text(r -> 'zones')) else l.zones end,
        zone_source = case when k.place_learned then r ->> 'zone_source' else l.zone_source end
    from (select (o.country is null and r ->> 'country' is not null)
                 or (o.country = r ->> 'country' and o.region is null and r ->> 'region' is not null) as place_learned
          from leads o where o.id = of_lead_id) k
    where l.id = of_lead_id and l.erased_at is null
        and ((l.email is null and r ->> 'email' is not null) or (l.title is null and r ->> 'title' is not null)
             or k.place_learned);
    get diagnostics filled = row_count;
    update leads l set at_rest_since = null where l.id = of_lead_id and l.at_rest_since is not null;
    if found then return 'was at rest, and no longer is'; end if;
    return case when added + filled > 0 then 'what was missing was filled in' end;
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
