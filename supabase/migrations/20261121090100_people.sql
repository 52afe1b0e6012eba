-- People: companies, leads and their numbers, what they agreed to, and who must never be contacted again.

create table public.companies (
    id bigint generated always as identity primary key,
    key text not null,
    name text not null,
    domain text,
    industry text,
    employees int,
    created_at timestamptz not null,
    constraint a_company_is_known_once unique (key)
);

create table public.leads (
    id bigint generated always as identity primary key,
    company_id bigint references public.companies,
    first_name text,
    last_name text,
    title text,
    email text,
    country text,
    region text,
    city text,
    postal_code text,
    zones text[] not null default '{}',
    zone_source text,
    source text not null,
    signals text[] not null default '{}',
    score int not null default 0,
    priority text not null default 'Low',
    score_reasons text[] not null default '{}',
    email_invalid_since timestamptz,
    imported_at timestamptz not null,
    erased_at timestamptz,
    constraint an_address_belongs_to_one_lead unique (email),
    constraint addresses_are_stored_in_lower_case check (email = lower(email)),
    constraint a_score_is_0_to_100 check (score between 0 and 100),
    constraint a_priority_is_a_known_word check (priority in ('High', 'Medium', 'Low'))
);
create index leads_of_company on public.leads (company_id);

-- A number belongs to one lead, so that two leads can never have one phone ring twice.
create table public.phones (
    number text primary key,
    lead_id bigint not null references public.leads on delete cascade,
    label text not null,
    extension text,
    line_type text,
    carrier text,
    looked_up_at timestamptz,
    lookup_price_usd numeric,
    dnc_scrubbed_on date,
    dnc_listed boolean,
    invalid_since timestamptz,
    constraint numbers_are_e164 check (number ~ '^\+[1-9][0-9]{6,14}$'),
    constraint a_label_is_a_known_word check (label in ('direct', 'mobile', 'company', 'other')),
    constraint a_line_type_has_its_look_up check ((line_type is null) = (looked_up_at is null))
);
create index phones_of_lead on public.phones (lead_id);

create table public.consents (
    id bigint generated always as identity primary key,
    lead_id bigint not null references public.leads on delete cascade,
    channel text not null,
    address text not null,
    consent_type text not null,
    scope text not null default 'marketing',
    given_on date not null,
    wording text not null,
    source text not null,
    recorded_at timestamptz not null,
    revoked_at timestamptz,
    constraint consent_is_for_one_channel check (channel in ('call', 'sms', 'email')),
    constraint consent_is_of_a_known_type check (consent_type in ('written', 'oral', 'opt_in')),
    constraint the_same_consent_is_recorded_once unique (lead_id, channel, address, consent_type, given_on)
);

-- Only hashes: an erased person stays suppressed without staying known. For good: no row is ever changed or removed.
create table public.suppressions (
    id bigint generated always as identity primary key,
    kind text not null,
    hash text not null,
    reach text not null,
    reason text not null,
    source text not null,
    created_at timestamptz not null,
    constraint a_suppression_reaches_a_person_or_one_address check (reach in ('person', 'address')),
    constraint an_address_is_suppressed_once unique (kind, hash, reach),
    constraint a_suppression_is_of_a_phone_or_an_email check (kind in ('phone', 'email'))
);
-- Whoever asks about an address does not say whether it is a phone or an email.
create index suppressions_by_hash on public.suppressions (hash);

create function public.refuse_change() returns trigger
language plpgsql
set search_path = public, pg_temp
as $$
begin
    raise exception '% is append-only: a suppression holds for good', tg_table_name using errcode = 'GL001';
end
$$;
create trigger suppressions_hold_for_good before update or delete on public.suppressions
for each row execute function public.refuse_change();
create trigger suppressions_are_not_truncated before truncate on public.suppressions
execute function public.refuse_change();

-- Rows of an import that could not be taken in, kept aside with the reason; a re-import adds nothing.
create table public.import_rejects (
    id bigint generated always as identity primary key,
    file_hash text not null,
    line int not null,
    reason text not null,
    row_data jsonb not null,
    rejected_at timestamptz not null,
    constraint a_line_of_a_file_is_kept_aside_once unique (file_hash, line)
);

-- Which lead a line of a file became, none for one that was a duplicate: the same line is not judged twice, although
-- by then others may have come in that look like it. An erased lead does not come back with its file either.
create table public.import_lines (
    file_hash text,
    line int,
    lead_id bigint references public.leads on delete cascade,
    primary key (file_hash, line)
);
create index import_lines_of_lead on public.import_lines (lead_id);

create function public.address_hash(address text) returns text
language sql immutable
set search_path = public, pg_temp
as $$ select encode(sha256(convert_to(lower(trim(address)), 'utf8')), 'hex') $$;

-- "Stop" to any address of a person reaches all of them; a dead or wrong address reaches only itself.
create function public.is_suppressed(of_lead_id bigint, address text default null) returns boolean
language sql stable
set search_path = public, pg_temp
as $$
    select exists (
        select from suppressions s
        where s.reach = 'person' and s.hash in (
            select address_hash(l.email) from leads l where l.id = of_lead_id
            union all select address_hash(p.number) from phones p where p.lead_id = of_lead_id))
        or exists (select from suppressions s where s.hash = address_hash(is_suppressed.address))
$$;

-- The same for everybody at once: one pass over all addresses where a look at each person in turn would take seconds.
create function public.suppressed_leads() returns setof bigint
language sql stable
set search_path = public, pg_temp
as $$
    select l.id from suppressions s join leads l on address_hash(l.email) = s.hash where s.reach = 'person'
    union
    select p.lead_id from suppressions s join phones p on address_hash(p.number) = s.hash where s.reach = 'person'
$$;

create function public.suppress_address(address text, reach text, reason text, source text) returns void
language sql
set search_path = public, pg_temp
as $$
    insert into suppressions (kind, hash, reach, reason, source, created_at)
    select case when address like '%@%' then 'email' else 'phone' end, address_hash(address), reach, reason, source, loop_now()
    where address is not null
    on conflict on constraint an_address_is_suppressed_once do nothing
$$;

-- Every address of this lead, on every channel: "stop" anywhere is "stop" everywhere.
create function public.suppress_lead(of_lead_id bigint, reason text, source text) returns void
language sql
set search_path = public, pg_temp
as $$
    select suppress_address(a.address, 'person', reason, source)
    from (select email as address from leads where id = of_lead_id
          union all select number from phones where lead_id = of_lead_id) a
$$;

-- Who a row is: found by email, else by company and name, else by a number together with the same name.
create function public.known_lead(r jsonb) returns bigint
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(
        (select l.id from leads l where l.email = r ->> 'email'),
        (select min(l.id) from leads l join companies c on c.id = l.company_id
         where c.key = r ->> 'company_key' and lower(l.first_name) = lower(r ->> 'first_name')
             and lower(l.last_name) = lower(r ->> 'last_name')),
        (select min(l.id) from jsonb_array_elements(r -> 'phones') x
         join phones p on p.number = x ->> 'number' join leads l on l.id = p.lead_id
         where lower(l.first_name) is not distinct from lower(r ->> 'first_name')
             and lower(l.last_name) is not distinct from lower(r ->> 'last_name')
             -- Without a name a number alone does not make two addresses one person.
             and (l.last_name is not null or l.email is null or r ->> 'email' is null)))
$$;

-- The numbers of a row that nobody has become this lead's. Returns how many.
create function public.add_phones(to_lead_id bigint, phones jsonb) returns int
language plpgsql
set search_path = public, pg_temp
as $$
declare n int;
begin
    insert into phones (number, lead_id, label, extension)
    select x ->> 'number', to_lead_id, x ->> 'label', x ->> 'extension' from jsonb_array_elements(add_phones.phones) x
    on conflict on constraint phones_pkey do nothing;
    get diagnostics n = row_count;
    return n;
end
$$;

-- A known lead gains what it lacked and loses nothing.
-- An address is taken as a whole, with its zones, and only where the country or the state was not known.
create function public.fill_in_lead(of_lead_id bigint, r jsonb) returns text
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
    return case when added + filled > 0 then 'what was missing was filled in' end;
end
$$;

-- One row. Returns {line, status: new | known | duplicate, lead_id, note}.
-- A number that already belongs to somebody else stays with them; a row that has nothing else is a duplicate.
create function public.import_lead(r jsonb, source text) returns jsonb
language plpgsql
set search_path = public, pg_temp
as $$
declare
    t timestamptz := loop_now();
    found_id bigint := known_lead(r);
    company bigint;
    new_id bigint;
    kept int;
begin
    if found_id is not null then
        return jsonb_build_object('line', r -> 'line', 'status', 'known', 'lead_id', found_id, 'note', fill_in_lead(found_id, r));
    end if;
    if r ->> 'email' is null and not exists (
        select from jsonb_array_elements(r -> 'phones') x where not exists (select from phones p where p.number = x ->> 'number'))
    then
        return jsonb_build_object('line', r -> 'line', 'status', 'duplicate', 'lead_id', null, 'note', null);
    end if;
    if r ->> 'company_key' is not null then
        insert into companies as c (key, name, domain, industry, employees, created_at)
        values (r ->> 'company_key', r ->> 'company', r ->> 'domain', r ->> 'industry', (r ->> 'employees')::int, t)
        on conflict on constraint a_company_is_known_once do update
        set domain = coalesce(c.domain, excluded.domain), industry = coalesce(c.industry, excluded.industry),
            employees = coalesce(c.employees, excluded.employees)
        returning c.id into company;
    end if;
    insert into leads (company_id, first_name, last_name, title, email, country, region, city, postal_code, zones,
                       zone_source, source, signals, score, priority, score_reasons, imported_at)
    values (company, r ->> 'first_name', r ->> 'last_name', r ->> 'title', r ->> 'email', r ->> 'country', r ->> 'region',
            r ->> 'city', r ->> 'postal_code', array(select jsonb_array_elements_text(r -> 'zones')), r ->> 'zone_source',
            source, array(select jsonb_array_elements_text(r -> 'signals')), (r ->> 'score')::int, r ->> 'priority',
            array(select jsonb_array_elements_text(r -> 'score_reasons')), t)
    returning id into new_id;
    kept := add_phones(new_id, r -> 'phones');
    return jsonb_build_object('line', r -> 'line', 'status', 'new', 'lead_id', new_id,
                              'note', case when kept < jsonb_array_length(r -> 'phones')
                                      then 'a number already belongs to another lead' end);
end
$$;

-- A row with its `file` (hash) is taken in once; without one it is judged by what stands in it alone.
create function public.import_line(r jsonb, source text) returns jsonb
language plpgsql
set search_path = public, pg_temp
as $$
declare
    seen import_lines;
    answer jsonb;
begin
    select * into seen from import_lines i where i.file_hash = r ->> 'file' and i.line = (r ->> 'line')::int;
    if found then
        return jsonb_build_object('line', r -> 'line', 'lead_id', seen.lead_id, 'note', null,
                                  'status', case when seen.lead_id is null then 'duplicate' else 'known' end);
    end if;
    answer := import_lead(r, source);
    if r ->> 'file' is not null then
        insert into import_lines (file_hash, line, lead_id)
        values (r ->> 'file', (r ->> 'line')::int, (answer ->> 'lead_id')::bigint);
    end if;
    return answer;
end
$$;

-- Rows one by one: what breaks a constraint is refused by itself and the rest go in. One import at a time.
create function public.import_leads_v1(leads jsonb, source text) returns jsonb
language plpgsql
set search_path = public, pg_temp
as $$
declare
    r jsonb;
    answer jsonb := '[]';
begin
    perform pg_advisory_xact_lock(hashtext('import_leads'));
    for r in select * from jsonb_array_elements(leads) loop
        begin
            answer := answer || import_line(r, source);
        exception when integrity_constraint_violation or data_exception then
            answer := answer || jsonb_build_object('line', r -> 'line', 'status', 'refused', 'lead_id', null, 'note', null);
        end;
    end loop;
    return answer;
end
$$;

create function public.reject_rows_v1(file_hash text, rejects jsonb) returns int
language plpgsql
set search_path = public, pg_temp
as $$
declare n int;
begin
    insert into import_rejects (file_hash, line, reason, row_data, rejected_at)
    select reject_rows_v1.file_hash, (x ->> 'line')::int, x ->> 'reason', x -> 'row', loop_now()
    from jsonb_array_elements(rejects) x
    on conflict on constraint a_line_of_a_file_is_kept_aside_once do nothing;
    get diagnostics n = row_count;
    return n;
end
$$;

-- Consents by address. Returns {line, status: new | known | unmatched}. A number that now belongs to somebody else than
-- the `person` (an email) who consented is unmatched: nobody agrees for another.
create function public.import_consents_v1(consents jsonb) returns jsonb
language plpgsql
set search_path = public, pg_temp
as $$
declare
    r jsonb;
    of_lead bigint;
    answer jsonb := '[]';
    n int;
begin
    for r in select * from jsonb_array_elements(consents) loop
        select coalesce((select l.id from leads l where l.email = r ->> 'address'),
                        (select p.lead_id from phones p where p.number = r ->> 'address')) into of_lead;
        if of_lead is null or exists (select from leads l where l.email = r ->> 'person' and l.id <> of_lead) then
            answer := answer || jsonb_build_object('line', r -> 'line', 'status', 'unmatched');
            continue;
        end if;
        insert into consents (lead_id, channel, address, consent_type, scope, given_on, wording, source, recorded_at)
        values (of_lead, r ->> 'channel', r ->> 'address', r ->> 'consent_type', r ->> 'scope', (r ->> 'given_on')::date,
                r ->> 'wording', r ->> 'source', loop_now())
        on conflict on constraint the_same_consent_is_recorded_once do nothing;
        get diagnostics n = row_count;
        answer := answer || jsonb_build_object('line', r -> 'line', 'status', case when n = 1 then 'new' else 'known' end);
    end loop;
    return answer;
end
$$;

create function public.import_scrub_v1(numbers jsonb) returns jsonb
language plpgsql
set search_path = public, pg_temp
as $$
declare
    r jsonb;
    answer jsonb := '[]';
    was date;
begin
    for r in select * from jsonb_array_elements(numbers) loop
        select p.dnc_scrubbed_on into was from phones p where p.number = r ->> 'number' for update;
        if not found then
            answer := answer || jsonb_build_object('line', r -> 'line', 'status', 'unmatched');
            continue;
        end if;
        update phones p
        set dnc_scrubbed_on = (r ->> 'scrubbed_on')::date, dnc_listed = (r ->> 'listed')::boolean
        where p.number = r ->> 'number' and (was is null or was < (r ->> 'scrubbed_on')::date
            -- Two lists of one day: that a number stands on one of them counts.
            or (was = (r ->> 'scrubbed_on')::date and (r ->> 'listed')::boolean and not p.dnc_listed));
        answer := answer || jsonb_build_object('line', r -> 'line', 'status', case when found then 'new' else 'known' end);
    end loop;
    return answer;
end
$$;

-- Numbers that were never looked up, of leads that may still be contacted.
create function public.numbers_to_look_up_v1(max_rows int) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(x.number), '[]') from (
        select p.number from phones p join leads l on l.id = p.lead_id
        where p.looked_up_at is null and p.invalid_since is null and l.erased_at is null and l.country = 'US'
            and l.id not in (select suppressed_leads())
        order by l.score desc, l.id, p.number limit max_rows) x
$$;

create function public.record_line_type_v1(number text, line_type text, carrier text, price_usd numeric) returns void
language sql
set search_path = public, pg_temp
as $$
    update phones p
    set line_type = record_line_type_v1.line_type, carrier = record_line_type_v1.carrier, looked_up_at = loop_now(),
        lookup_price_usd = price_usd,
        invalid_since = case when record_line_type_v1.line_type = 'invalid' then loop_now() else p.invalid_since end
    where p.number = record_line_type_v1.number
$$;

create function public.count_leads_v1() returns jsonb
language sql stable
set search_path = public, pg_temp
as $$ select jsonb_build_object('leads', count(*), 'companies', count(distinct company_id)) from leads where erased_at is null $$;

create function public.new_companies_v1(days int) returns int
language sql stable
set search_path = public, pg_temp
as $$ select count(*)::int from companies where created_at > loop_now() - make_interval(days => days) $$;

create function public.list_leads_v1(after_id bigint, max_rows int) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(to_jsonb(x) order by x.id), '[]') from (
        select l.id, l.company_id, l.region, l.score, l.priority, l.imported_at from leads l
        where l.id > after_id and l.erased_at is null order by l.id limit max_rows) x
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
