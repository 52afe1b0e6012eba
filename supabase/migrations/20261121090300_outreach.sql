-- Outreach: who sends, who is enrolled in what, and every single thing that leaves the house.

create table public.senders (
    id text primary key,
    channel text not null,
    address text not null,
    provider_ref text,
    set_up boolean not null default false,
    health text not null default 'healthy',
    warmup_started_on date not null,
    last_submitted_at timestamptz,
    active boolean not null default true,
    constraint a_sender_is_for_one_channel check (channel in ('call', 'email', 'sms')),
    constraint an_address_sends_once_per_channel unique (channel, address),
    constraint health_is_a_known_word check (health in ('healthy', 'watched', 'quarantined'))
);

create table public.enrolments (
    id bigint generated always as identity primary key,
    lead_id bigint not null references public.leads,
    company_id bigint references public.companies,
    playbook text not null,
    playbook_hash text not null,
    enrolled_at timestamptz not null,
    enrolled_on date not null,
    held_out boolean not null default false,
    state text not null default 'active',
    stop_reason text,
    paused_until date,
    constraint an_enrolment_is_in_a_known_state check (state in ('active', 'paused', 'stopped', 'finished')),
    constraint what_stopped_says_why check (state <> 'stopped' or stop_reason is not null),
    constraint what_is_paused_says_until_when check ((state = 'paused') = (paused_until is not null))
);
create unique index a_lead_is_in_one_sequence_at_a_time on public.enrolments (lead_id) where state in ('active', 'paused');
create index enrolments_of_lead on public.enrolments (lead_id);
create index enrolments_of_company on public.enrolments (company_id) where state in ('active', 'paused');

-- Everything that leaves the house: intent first, then the effect, then the receipt.
-- The id is a hash of installation and natural key, so a plan that is made again after a restore is the same row.
create table public.deliveries (
    id uuid primary key,
    kind text not null,
    channel text not null,
    natural_key text not null,
    state text not null default 'planned',
    due_at timestamptz not null,
    latest_at timestamptz not null,
    lease_until timestamptz,
    fence bigint not null default 0,
    try int not null default 0,
    code text,
    payload jsonb,
    provider text,
    provider_id text,
    reserved jsonb not null default '[]',
    created_at timestamptz not null,
    submitted_at timestamptz,
    accepted_at timestamptz,
    closed_at timestamptz,
    parked_owner text,
    parked_until timestamptz,
    constraint the_same_intent_is_one_delivery unique (natural_key),
    constraint a_delivery_is_of_a_known_kind check (kind in ('touch', 'owner_mail')),
    constraint a_delivery_is_in_a_known_state check (state in (
        'planned', 'leased', 'submitted', 'accepted', 'finished', 'refused', 'failed', 'expired', 'cancelled',
        'unknown', 'parked'
    )),
    constraint what_was_handed_over_has_its_payload
    check (state not in ('submitted', 'accepted', 'finished', 'unknown', 'parked') or payload is not null),
    constraint what_was_accepted_has_the_providers_id
    check (state not in ('accepted') or provider_id is not null),
    constraint a_refusal_or_failure_has_its_code check (state not in ('refused', 'failed') or code is not null),
    constraint what_is_parked_has_an_owner check ((state = 'parked') = (parked_owner is not null)),
    constraint only_a_worker_holds_a_lease check ((state in ('leased', 'submitted')) = (lease_until is not null))
);
create index deliveries_due on public.deliveries (channel, due_at) where state = 'planned';
create index deliveries_leased on public.deliveries (lease_until) where state in ('leased', 'submitted');
create index deliveries_latest on public.deliveries (latest_at) where state = 'planned';
create index deliveries_open on public.deliveries (state) where state in ('unknown', 'parked');
create index deliveries_in_flight on public.deliveries (submitted_at) where state in ('submitted', 'accepted', 'unknown');
create unique index a_provider_id_is_one_delivery on public.deliveries (provider, provider_id) where provider_id is not null;

create table public.touches (
    id uuid primary key references public.deliveries,
    lead_id bigint not null references public.leads,
    company_id bigint references public.companies,
    enrolment_id bigint references public.enrolments,
    step int not null,
    attempt int not null,
    purpose text not null,
    channel text not null,
    score int not null,
    day date not null,
    window_closes_at timestamptz,
    zone text,
    region text,
    industry text,
    source text,
    hour int,
    address text,
    sender_id text references public.senders,
    script_key text not null,
    script_hash text,
    playbook_hash text,
    rules_hash text,
    arm text,
    consent_id bigint references public.consents,
    provenance jsonb not null default '{}',
    disposition text,
    disposition_rank int not null default 0,
    delivered_at timestamptz,
    answered_at timestamptz,
    dm_contact_at timestamptz,
    conversation_at timestamptz,
    replied_at timestamptz,
    positive_at timestamptz,
    booked_at timestamptz,
    bounced_at timestamptz,
    complained_at timestamptz,
    opted_out_at timestamptz,
    duration_s numeric,
    cost_usd numeric,
    constraint a_step_is_attempted_once_each unique (lead_id, enrolment_id, step, attempt),
    constraint a_touch_has_a_known_purpose
    check (purpose in ('prospect', 'callback', 'reply', 'transactional', 'confirm_opt_out'))
);
create index touches_of_lead on public.touches (lead_id);
create index touches_of_enrolment on public.touches (enrolment_id);
create index touches_of_day on public.touches (day, channel);
create index touches_of_sender on public.touches (sender_id, day);

-- What a delivery went through, kept by the database so that no caller can forget it.
create table public.delivery_transitions (
    id bigint generated always as identity primary key,
    delivery_id uuid not null,
    at timestamptz not null,
    from_state text,
    to_state text not null,
    code text
);
create index transitions_of_delivery on public.delivery_transitions (delivery_id);
create function public.note_transition() returns trigger
language plpgsql
set search_path = public, pg_temp
as $$
begin
    if tg_op = 'INSERT' or old.state is distinct from new.state or old.code is distinct from new.code then
        insert into delivery_transitions (delivery_id, at, from_state, to_state, code)
        values (new.id, loop_now(), case when tg_op = 'UPDATE' then old.state end, new.state, new.code);
    end if;
    return new;
end
$$;
create trigger deliveries_leave_a_trail after insert or update on public.deliveries
for each row execute function public.note_transition();

-- Caps and budgets as counted tokens: `scope` is what is limited (a number, a mailbox, a budget), `bucket` the period.
create table public.cap_usage (
    scope text not null,
    bucket text not null,
    used numeric not null default 0,
    primary key (scope, bucket),
    constraint usage_is_never_negative check (used >= 0)
);

create table public.conversations (
    lead_id bigint primary key references public.leads on delete cascade,
    company_id bigint references public.companies,
    last_message_at timestamptz not null,
    closed_at timestamptz
);
create index conversations_of_company on public.conversations (company_id);

create table public.messages (
    id bigint generated always as identity primary key,
    lead_id bigint not null references public.leads on delete cascade,
    touch_id uuid references public.touches,
    event_id bigint,
    channel text not null,
    direction text not null,
    reply_class text,
    subject text,
    body text,
    at timestamptz not null,
    handled_at timestamptz,
    constraint a_message_goes_in_or_out check (direction in ('in', 'out'))
);
create index messages_of_lead on public.messages (lead_id);
create index messages_by_time on public.messages (at);

create table public.meetings (
    id bigint generated always as identity primary key,
    lead_id bigint not null references public.leads,
    company_id bigint references public.companies,
    touch_id uuid references public.touches,
    booked_at timestamptz not null,
    starts_at timestamptz,
    state text not null default 'booked',
    -- Agreed in a call for a time that was gone: it stands as it was promised, and the owner moves one of the two.
    clashes boolean not null default false,
    constraint a_touch_books_one_meeting unique (touch_id),
    constraint a_meeting_is_in_a_known_state check (state in ('booked', 'held', 'no_show', 'cancelled'))
);
create unique index a_time_is_booked_once on public.meetings (starts_at) where state = 'booked' and not clashes;
create index meetings_of_lead on public.meetings (lead_id);

create function public.delivery_id(installation uuid, natural_key text) returns uuid
language sql immutable
set search_path = public, pg_temp
as $$ select md5(installation::text || '|' || natural_key)::uuid $$;

create function public.in_conversation(of_lead_id bigint, conversation_days int) returns boolean
language sql stable
set search_path = public, pg_temp
as $$
    select exists (
        select from conversations c join leads l on l.id = of_lead_id
        where (c.lead_id = l.id or c.company_id = l.company_id) and c.closed_at is null
            and c.last_message_at > loop_now() - make_interval(days => conversation_days))
        or exists (
        select from meetings m join leads l on l.id = of_lead_id
        where (m.lead_id = l.id or m.company_id = l.company_id) and m.state = 'booked')
$$;

-- How often this person was contacted. What is in flight counts: it may have reached them.
create function public.contacts_of(of_lead_id bigint) returns table (last_24h int, last_7d int, total int, last_at timestamptz)
language sql stable
set search_path = public, pg_temp
as $$
    select count(*) filter (where d.submitted_at > loop_now() - interval '24 hours')::int,
           count(*) filter (where d.submitted_at > loop_now() - interval '7 days')::int,
           count(*)::int, max(d.submitted_at)
    from touches t join deliveries d on d.id = t.id
    where t.lead_id = of_lead_id and t.purpose = 'prospect'
        and d.state in ('submitted', 'accepted', 'finished', 'unknown', 'parked')
$$;

-- Everything the gate wants to know about one person; the caller picks the address by channel.
create function public.lead_facts(of_lead_id bigint, conversation_days int) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select jsonb_build_object(
        'lead_id', l.id, 'company_id', l.company_id, 'first_name', l.first_name, 'last_name', l.last_name,
        'title', l.title, 'email', l.email, 'email_invalid', l.email_invalid_since is not null,
        'country', l.country, 'region', l.region, 'city', l.city, 'zones', to_jsonb(l.zones), 'source', l.source,
        'score', l.score, 'priority', l.priority, 'company', c.name, 'industry', c.industry,
        'phones', coalesce((select jsonb_agg(jsonb_build_object(
            'number', p.number, 'label', p.label, 'line_type', p.line_type, 'invalid', p.invalid_since is not null,
            'dnc_scrubbed_on', p.dnc_scrubbed_on, 'dnc_listed', p.dnc_listed,
            'suppressed', is_suppressed(l.id, p.number)) order by p.number) from phones p where p.lead_id = l.id), '[]'),
        'consents', coalesce((select jsonb_agg(jsonb_build_object(
            'id', k.id, 'channel', k.channel, 'address', k.address, 'consent_type', k.consent_type,
            'scope', k.scope, 'given_on', k.given_on, 'revoked', k.revoked_at is not null) order by k.given_on desc, k.id desc)
            from consents k where k.lead_id = l.id), '[]'),
        'suppressed', is_suppressed(l.id), 'email_suppressed', is_suppressed(l.id, l.email),
        'in_conversation', in_conversation(l.id, conversation_days),
        'touches_24h', n.last_24h, 'touches_7d', n.last_7d, 'touches_total', n.total, 'last_touch_at', n.last_at)
    from leads l left join companies c on c.id = l.company_id, contacts_of(l.id) n
    where l.id = of_lead_id
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
