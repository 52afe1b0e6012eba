-- Privacy: what one person asks to be forgotten, and what is not kept longer than it is needed.

create index deliveries_to_the_owner on public.deliveries (created_at) where kind <> 'touch';
create index events_of_nobody on public.events (id) where lead_id is null;
create index events_with_words on public.events (received_at) where body <> '{}';

-- What a provider still reports of an erased person is kept as the fact that it was reported, without the words.
create function public.keep_no_words_of_the_erased() returns trigger
language plpgsql
set search_path = public, pg_temp
as $$
begin
    if exists (select from leads l where l.id = new.lead_id and l.erased_at is not null) then
        if tg_table_name = 'messages' then return null; end if;
        new.body := '{}';
    end if;
    return new;
end
$$;
create trigger events_of_the_erased_have_no_words before insert on public.events
for each row execute function public.keep_no_words_of_the_erased();
create trigger messages_of_the_erased_are_not_kept before insert on public.messages
for each row execute function public.keep_no_words_of_the_erased();

-- By what a person can be recognised in a raw text: addresses, the digits of their numbers, and name with company.
create function public.traces_of_v1(lead_id bigint) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select jsonb_build_object(
        'email', l.email, 'first_name', lower(l.first_name), 'last_name', lower(l.last_name), 'company', lower(c.name),
        'digits', coalesce((select jsonb_agg(right(p.number, 10)) from phones p where p.lead_id = l.id), '[]'),
        'calls', coalesce((select jsonb_agg(d.provider_id) from touches o join deliveries d on d.id = o.id
                           where o.lead_id = l.id and d.provider = 'vapi' and d.provider_id is not null), '[]'))
    from leads l left join companies c on c.id = l.company_id
    where l.id = traces_of_v1.lead_id and l.erased_at is null
$$;

-- Whether a raw text is about the person of these traces.
create function public.is_about(raw text, traces jsonb) returns boolean
language sql immutable
set search_path = public, pg_temp
as $$
    select coalesce(position(nullif(traces ->> 'email', '') in lower(raw)) > 0, false)
        or exists (select from jsonb_array_elements_text(traces -> 'digits') d
                   where position(d in regexp_replace(raw, '[^0-9]', '', 'g')) > 0)
        or coalesce(position(nullif(traces ->> 'last_name', '') in lower(raw)) > 0
                    and position(nullif(traces ->> 'first_name', '') in lower(raw)) > 0
                    and position(nullif(traces ->> 'company', '') in lower(raw)) > 0, false)
$$;

-- Rows that name no lead but may hold the person's data, in chunks by id: rows of import files that were kept aside, and
-- events whose sender was not known. Returns the last id that was looked at, null at the end.
create function public.forget_rows_v1(source text, traces jsonb, after_id bigint, max_rows int) returns bigint
language plpgsql
set search_path = public, pg_temp
as $$
declare upto bigint;
begin
    if source = 'import_rejects' then
        select max(x.id) into upto from (select r.id from import_rejects r where r.id > after_id order by r.id limit max_rows) x;
        delete from import_rejects r where r.id > after_id and r.id <= upto and is_about(r.row_data::text, traces);
    else
        select max(x.id) into upto from (
            select e.id from events e where e.id > after_id and e.lead_id is null order by e.id limit max_rows) x;
        update events e set body = '{}'
        where e.lead_id is null and e.id > after_id and e.id <= upto and e.body <> '{}' and is_about(e.body::text, traces);
    end if;
    return upto;
end
$$;

-- Erase a person: the suppression of every address stays, as a hash; so do touches and events as facts without words, for the
-- counts. Mails to the owner that may name the person go too: those that went out are needed no more.
create function public.forget_v1(lead_id bigint) returns boolean
language plpgsql
set search_path = public, pg_temp
as $$
declare
    t timestamptz := loop_now();
    gone leads;
begin
    select * into gone from leads l where l.id = forget_v1.lead_id and l.erased_at is null for update;
    if gone.id is null then return false; end if;
    perform suppress_lead(gone.id, 'erased', 'forget');
    perform stop_sequences(gone.id, null, 'opted_out');
    update deliveries d set state = 'cancelled', code = 'erased', closed_at = t, lease_until = null
    from touches o where o.id = d.id and o.lead_id = gone.id and d.state in ('planned', 'leased');
    update deliveries d set payload = '{}'
    from touches o where o.id = d.id and o.lead_id = gone.id and d.payload is not null and d.payload <> '{}';
    update deliveries d set payload = '{}', code = coalesce(d.code, 'erased'), lease_until = null,
        state = case when d.state in ('planned', 'submitted', 'unknown') then 'cancelled' else d.state end,
        closed_at = coalesce(d.closed_at, t)
    where d.kind <> 'touch' and d.payload <> '{}';
    update touches o set address = null, consent_id = null, provenance = o.provenance - 'consent_id' where o.lead_id = gone.id;
    update events e set body = '{}' where e.lead_id = gone.id and e.body <> '{}';
    update events e set body = '{}' from touches o
    where o.lead_id = gone.id and e.delivery_id = o.id and e.body <> '{}';
    delete from messages m where m.lead_id = gone.id;
    delete from visits v where v.lead_id = gone.id;
    delete from conversations c where c.lead_id = gone.id;
    delete from consents k where k.lead_id = gone.id;
    delete from phones p where p.lead_id = gone.id;
    update leads l
    set first_name = null, last_name = null, title = null, email = null, city = null, postal_code = null, zones = '{}',
        zone_source = null, signals = '{}', score_reasons = '{}', erased_at = t
    where l.id = gone.id;
    update companies c set name = '', domain = null, key = 'erased:' || c.id
    where c.id = gone.company_id and not exists (select from leads l where l.company_id = c.id and l.erased_at is null);
    return true;
end
$$;

-- One chunk of what has been kept long enough. Returns {transcripts, rejects, owner_mails, records}: how much went, all 0 at the end.
--   rejects: rows of import files that were kept aside, and visits to the site
--   transcripts: raw bodies of events, in which words, addresses and recordings' addresses are; the fact stays
--   owner_mails: what the owner was sent, which may name people; it is needed for a day, to be repeated with the same bytes
--   records: payloads, addresses and messages of touches; consents that no younger touch refers to
create function public.expire_v1(transcripts_before timestamptz, records_before timestamptz, max_rows int) returns jsonb
language plpgsql
set search_path = public, pg_temp
as $$
declare
    transcripts int;
    rejects int;
    owner_mails int;
    records int := 0;
    n int;
begin
    update events e set body = '{}' where e.id in (
        select x.id from events x where x.body <> '{}' and x.received_at < transcripts_before limit max_rows);
    get diagnostics transcripts = row_count;
    delete from import_rejects r where r.id in (
        select x.id from import_rejects x where x.rejected_at < transcripts_before limit max_rows);
    get diagnostics rejects = row_count;
    delete from visits v where v.id in (select x.id from visits x where x.received_at < transcripts_before limit max_rows);
    get diagnostics n = row_count;
    rejects := rejects + n;
    update deliveries d set payload = '{}' where d.id in (
        select x.id from deliveries x
        where x.kind <> 'touch' and x.payload <> '{}' and x.created_at < loop_now() - interval '2 days' limit max_rows);
    get diagnostics owner_mails = row_count;
    update touches o set address = null, consent_id = null where o.id in (
        select y.id from touches y
        where y.day < records_before::date and (y.address is not null or y.consent_id is not null) limit max_rows);
    get diagnostics n = row_count;
    records := records + n;
    update deliveries d set payload = '{}' where d.id in (
        select x.id from touches y join deliveries x on x.id = y.id
        where y.day < records_before::date and x.payload <> '{}' limit max_rows);
    get diagnostics n = row_count;
    records := records + n;
    delete from messages m where m.id in (select x.id from messages x where x.at < records_before limit max_rows);
    get diagnostics n = row_count;
    records := records + n;
    delete from consents k where k.id in (
        select x.id from consents x where x.recorded_at < records_before
            and not exists (select from touches o where o.consent_id = x.id) limit max_rows);
    get diagnostics n = row_count;
    records := records + n;
    return jsonb_build_object('transcripts', transcripts, 'rejects', rejects, 'owner_mails', owner_mails, 'records', records);
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
