-- The steps of sending as they were, and now also: listen before sending, rest when told to, adopt what is already out.

-- Whether a sender is set up is its provider's to say. What was no, or no answer, is asked again at this time.
alter table public.senders add column set_up_ask_at timestamptz;

-- The start of a tick, as before; it also says how many deliveries are to be asked about, how many calls are without an end,
-- and how each channel stands.
create or replace function public.open_tick_v1(today date) returns jsonb
language plpgsql
set search_path = public, pg_temp
as $$
declare t timestamptz := loop_now();
begin
    update deliveries set state = 'expired', closed_at = t where id in (
        select id from deliveries where state = 'planned' and latest_at <= t for update skip locked);
    update deliveries set state = 'planned', lease_until = null where id in (
        select id from deliveries where state = 'leased' and lease_until <= t for update skip locked);
    update deliveries set state = 'unknown', lease_until = null where id in (
        select id from deliveries where state = 'submitted' and lease_until <= t for update skip locked);
    update enrolments set state = 'active', paused_until = null where id in (
        select id from enrolments where state = 'paused' and paused_until <= today for update skip locked);
    return jsonb_build_object(
        'now', t,
        'due', (select coalesce(jsonb_object_agg(x.channel, x.n), '{}') from (
            select channel, count(*) as n from deliveries
            where state = 'planned' and due_at <= t and kind = 'touch' group by channel) x),
        'open', (select coalesce(jsonb_object_agg(x.state, x.n), '{}') from (
            select state, count(*) as n from deliveries where state in ('unknown', 'parked') group by state) x),
        'to_ask', (select count(*) from deliveries where state in ('unknown', 'parked') and ask_at <= t),
        'calls_without_end', (select count(*) from deliveries
            where state = 'accepted' and channel = 'call' and submitted_at <= t - interval '10 minutes' and (ask_at <= t) is not false),
        'incidents', (select coalesce(jsonb_agg(distinct i.kind), '[]') from incidents i where i.closed_at is null),
        'watched_at', (select max(r.slot) from stage_runs r where r.stage = 'watch'),
        'channels', (select jsonb_object_agg(c.channel, jsonb_build_object(
            'rests_until', c.rests_until, 'heard_until', c.heard_until,
            'heard_here', c.heard_by is not distinct from pg_postmaster_start_time())) from channels c),
        'in_flight', (select coalesce(jsonb_object_agg(x.channel, x.n), '{}') from (
            select channel, count(*) as n from deliveries
            where kind = 'touch' and state in ('submitted', 'accepted', 'unknown')
                and submitted_at > t - interval '1 hour' group by channel) x),
        'spent_today', (select coalesce(jsonb_object_agg(replace(u.scope, 'budget:', ''), u.used), '{}')
            from cap_usage u where u.scope like 'budget:%' and u.bucket = today::text),
        'senders', (select coalesce(jsonb_agg(jsonb_build_object(
            'id', s.id, 'channel', s.channel, 'address', s.address, 'provider_ref', s.provider_ref, 'set_up', s.set_up,
            'set_up_ask_at', s.set_up_ask_at, 'health', s.health, 'warmup_started_on', s.warmup_started_on, 'last_submitted_at', s.last_submitted_at,
            'used_today', coalesce((select u.used from cap_usage u
                where u.scope = 'sender:' || s.id and u.bucket = today::text), 0),
            'used_last_hour', coalesce(h.n, 0)) order by s.id), '[]')
            from senders s left join (
                select o.sender_id, count(*) as n from deliveries d join touches o on o.id = d.id
                where d.kind = 'touch' and d.submitted_at > t - interval '1 hour' group by 1) h on h.sender_id = s.id
            where s.active));
end
$$;

-- As before, and: what the provider already has is adopted instead of sent; a channel that rests, or that nobody listened to,
-- sends nothing. terms: as before, and {listen_s}.
create or replace function public.begin_send_v1(
    id uuid, fence bigint, installation_id uuid, payload jsonb, provider text, terms jsonb, provenance jsonb
) returns jsonb
language plpgsql
set search_path = public, pg_temp
as $$
declare
    t timestamptz := loop_now();
    d deliveries;
    o touches;
    code text;
    again timestamptz := (terms ->> 'retry_at')::timestamptz;
    frozen jsonb := begin_send_v1.payload;
    because jsonb := begin_send_v1.provenance;
    seen sightings;
    by_sender senders;
    rested_at timestamptz;
begin
    select * into o from touches x where x.id = begin_send_v1.id;
    perform from leads l where l.id = o.lead_id for no key update;
    select * into d from deliveries x where x.id = begin_send_v1.id for update;
    if d.state is distinct from 'leased' or d.fence is distinct from begin_send_v1.fence
        or d.lease_until <= t or d.latest_at <= t
    then
        return jsonb_build_object('status', 'lost', 'code', null);
    end if;
    -- The provider has it already, from a time that this ledger has forgotten.
    select * into seen from sightings s
    where s.reference = d.id::text
        or (d.channel = 'sms' and s.reference = text_reference(begin_send_v1.payload ->> 'to', begin_send_v1.payload ->> 'body'))
    limit 1;
    if seen.provider_id is not null then
        perform adopt(d, seen);
        return jsonb_build_object('status', 'lost', 'code', null);
    end if;
    code := last_objection(d, o, installation_id, terms);
    if code is null and (terms ->> 'sender_id') is not null then
        select * into by_sender from senders s where s.id = terms ->> 'sender_id' for update;
        if not by_sender.active or by_sender.health = 'quarantined' then code := 'SENDER_HEALTH'; end if;
        rested_at := by_sender.last_submitted_at + make_interval(secs => (terms ->> 'min_gap_s')::int);
        if rested_at > t then
            code := 'VENDOR_LIMIT';
            again := rested_at;
        end if;
    end if;
    -- Workers of the release before this one do not listen and give no `listen_s`.
    if code is null and channel_rests_until(d.channel, (terms ->> 'listen_s')::int) is not null then
        code := 'VENDOR_LIMIT';
        again := channel_rests_until(d.channel, (terms ->> 'listen_s')::int);
    end if;
    if code is null then code := reserve_tokens(terms -> 'limits'); end if;
    if code in ('NOT_LIVE', 'KILL_SWITCH') then again := t; end if;
    -- Whoever is out of office is asked again when the pause is over; who talks to us is not.
    if code = 'IN_CONVERSATION' then
        again := (select e.paused_until::timestamptz from enrolments e where e.id = o.enrolment_id and e.state = 'paused');
    end if;
    if code is not null then
        perform refuse_v1(begin_send_v1.id, begin_send_v1.fence, code,
                          case when code in ('FREQ_CAP', 'WARMUP_CAP', 'BUDGET', 'VENDOR_LIMIT', 'NOT_LIVE', 'KILL_SWITCH',
                                             'SENDER_HEALTH', 'IN_CONVERSATION') then again end);
        return jsonb_build_object('status', 'refused', 'code', code);
    end if;
    -- Resend's key stands for the bytes it was first used with: an email keeps those of its first try, and their reasons.
    -- A call or a text has no such key, and its payload says until when it may go out, which moves.
    if d.channel = 'email' and d.payload #>> '{to,0}' = terms ->> 'address' then
        frozen := d.payload;
        because := o.provenance;
    end if;
    update senders s set last_submitted_at = t where s.id = terms ->> 'sender_id';
    update deliveries x
    set state = 'submitted', payload = frozen, provider = begin_send_v1.provider, submitted_at = t,
        try = x.try + 1, reserved = terms -> 'limits', code = null
    where x.id = begin_send_v1.id;
    update touches x
    set address = terms ->> 'address', sender_id = terms ->> 'sender_id', day = (terms ->> 'local_day')::date,
        hour = (terms ->> 'local_hour')::int, zone = terms ->> 'zone', script_hash = because ->> 'script_hash',
        rules_hash = because ->> 'rules_hash', arm = because ->> 'arm',
        consent_id = (because ->> 'consent_id')::bigint, provenance = because
    where x.id = begin_send_v1.id;
    return jsonb_build_object('status', 'submitted', 'code', null, 'payload', frozen);
end
$$;

-- The person is locked first, as an event does that concerns the same touch: in the other order the two would deadlock.
create or replace function public.record_receipt_v1(id uuid, fence bigint, provider_id text, cost_usd numeric default null) returns boolean
language plpgsql
set search_path = public, pg_temp
as $$
declare d deliveries;
begin
    perform from leads l where l.id = (select o.lead_id from touches o where o.id = record_receipt_v1.id) for no key update;
    update deliveries x
    set state = case when x.state in ('submitted', 'unknown') then 'accepted' else x.state end,
        provider_id = record_receipt_v1.provider_id, accepted_at = coalesce(x.accepted_at, loop_now()), lease_until = null
    where x.id = record_receipt_v1.id and x.fence = record_receipt_v1.fence
        and x.state in ('submitted', 'unknown', 'accepted', 'finished')
    returning x.* into d;
    if not found then return false; end if;
    if record_receipt_v1.cost_usd is not null then
        update touches o set cost_usd = greatest(o.cost_usd, record_receipt_v1.cost_usd) where o.id = d.id;
    end if;
    if d.state = 'finished' then perform settle_budget(d.id); end if;
    return true;
end
$$;

create or replace function public.record_failure_v1(
    id uuid, fence bigint, verdict text, code text, retry_at timestamptz default null,
    bad_address boolean default false, opted_out boolean default false
) returns boolean
language plpgsql
set search_path = public, pg_temp
as $$
declare
    d deliveries;
    o touches;
begin
    perform from leads l where l.id = (select x.lead_id from touches x where x.id = record_failure_v1.id) for no key update;
    select * into d from deliveries x
    where x.id = record_failure_v1.id and x.fence = record_failure_v1.fence and x.state = 'submitted' for update;
    if d.id is null then return false; end if;
    select * into o from touches x where x.id = d.id;
    if verdict <> 'unknown' then perform give_back_tokens(d.reserved); end if;
    update deliveries x
    set state = case verdict when 'unknown' then 'unknown' when 'requeue' then
                    case when record_failure_v1.retry_at < x.latest_at then 'planned' else 'failed' end else 'failed' end,
        due_at = case when verdict = 'requeue' then coalesce(record_failure_v1.retry_at, x.due_at) else x.due_at end,
        code = record_failure_v1.code, lease_until = null,
        reserved = case when verdict = 'unknown' then x.reserved else '[]' end,
        submitted_at = case when verdict = 'unknown' then x.submitted_at end,
        closed_at = case when verdict = 'failed' or (verdict = 'requeue' and (record_failure_v1.retry_at < x.latest_at) is not true)
                    then loop_now() end
    where x.id = d.id;
    if opted_out then
        perform suppress_lead(o.lead_id, 'opt_out', d.provider);
        perform stop_sequences(o.lead_id, null, 'opted_out');
    end if;
    if bad_address then perform mark_address_bad(o.lead_id, o.address, record_failure_v1.code); end if;
    return true;
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
