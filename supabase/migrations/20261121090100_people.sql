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

-- One row of an import. Returns {line, status: new | known | duplicate, lead_id, note}.
-- The same person is found again by email, by phone with the same name, or by company and name;
-- a number that already belongs to somebody else stays with them.
create function public.import_lead(r jsonb, source text) returns jsonb
language plpgsql
set search_path = public, pg_temp
as $$
declare
    t timestamptz := loop_now();
    company bigint;
    found_id bigint;
    new_id bigint;
    taken int;
    kept int;
begin
    if r ->> 'company_key' is not null then
        insert into companies as c (key, name, domain, industry, employees, created_at)
        values (r ->> 'company_key', r ->> 'company', r ->> 'domain', r ->> 'industry', (r ->> 'employees')::int, t)
        on conflict on constraint a_company_is_known_once do update
        set domain = coalesce(c.domain, excluded.domain), industry = coalesce(c.industry, excluded.industry),
            employees = coalesce(c.employees, excluded.employees)
        returning c.id into company;
    end if;
    select l.id into found_id from leads l
    where l.email = r ->> 'email'
        or (l.company_id = company and lower(l.first_name) = lower(r ->> 'first_name')
            and lower(l.last_name) = lower(r ->> 'last_name'))
        or (lower(l.last_name) = lower(r ->> 'last_name') and lower(l.first_name) = lower(r ->> 'first_name')
            and exists (select from phones p where p.lead_id = l.id
                        and p.number in (select x ->> 'number' from jsonb_array_elements(r -> 'phones') x)))
    order by l.id limit 1;
    if found_id is not null then
        return jsonb_build_object('line', r -> 'line', 'status', 'known', 'lead_id', found_id, 'note', null);
    end if;
    insert into leads (company_id, first_name, last_name, title, email, country, region, city, postal_code, zones,
                       zone_source, source, signals, score, priority, score_reasons, imported_at)
    values (company, r ->> 'first_name', r ->> 'last_name', r ->> 'title', r ->> 'email', r ->> 'country', r ->> 'region',
            r ->> 'city', r ->> 'postal_code', array(select jsonb_array_elements_text(r -> 'zones')), r ->> 'zone_source',
            source, array(select jsonb_array_elements_text(r -> 'signals')), (r ->> 'score')::int, r ->> 'priority',
            array(select jsonb_array_elements_text(r -> 'score_reasons')), t)
    returning id into new_id;
    insert into phones (number, lead_id, label, extension)
    select x ->> 'number', new_id, x ->> 'label', x ->> 'extension' from jsonb_array_elements(r -> 'phones') x
    on conflict on constraint phones_pkey do nothing;
    get diagnostics kept = row_count;
    taken := jsonb_array_length(r -> 'phones') - kept;
    return jsonb_build_object('line', r -> 'line', 'status', 'new', 'lead_id', new_id,
                              'note', case when taken > 0 then 'a number already belongs to another lead' end);
end
$$;

create function public.import_leads_v1(leads jsonb, source text) returns jsonb
language plpgsql
set search_path = public, pg_temp
as $$
declare
    r jsonb;
    answer jsonb := '[]';
begin
    for r in select * from jsonb_array_elements(leads) loop
        answer := answer || import_lead(r, source);
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

-- Consents by address. Returns {line, status: new | known | unmatched}.
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
        if of_lead is null then
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
        where p.number = r ->> 'number' and (was is null or was < (r ->> 'scrubbed_on')::date);
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
            and not is_suppressed(l.id)
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
