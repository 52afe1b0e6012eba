-- Events: what the providers tell us, stored once, applied so that copies and any order give the same state.

create table public.dispositions (
    channel text not null,
    code text not null,
    rank int not null,
    terminal boolean not null,
    primary key (channel, code),
    constraint ranks_decide_between_any_two unique (channel, rank)
);
insert into public.dispositions (channel, code, rank, terminal) values
('call', 'call_failed', 10, true), ('call', 'carrier_blocked', 12, true), ('call', 'busy', 20, true),
('call', 'no_answer', 22, true), ('call', 'voicemail', 30, true), ('call', 'invalid_number', 35, true),
('call', 'early_hangup', 40, true), ('call', 'gatekeeper', 50, true), ('call', 'conversation', 55, true),
('call', 'not_interested', 60, true), ('call', 'send_email', 65, true), ('call', 'callback', 70, true),
('call', 'meeting', 80, true), ('call', 'wrong_number', 85, true), ('call', 'dnc', 90, true),
('email', 'sent', 10, false), ('email', 'delayed', 12, false), ('email', 'delivered', 20, true),
('email', 'soft_bounced', 25, true), ('email', 'opened', 30, true), ('email', 'clicked', 35, true),
('email', 'email_failed', 40, true), ('email', 'replied', 60, true), ('email', 'bounced', 70, true),
('email', 'unsubscribed', 80, true), ('email', 'complained', 90, true),
('sms', 'sent', 10, false), ('sms', 'delivered', 20, true), ('sms', 'undelivered', 30, true),
('sms', 'sms_failed', 32, true), ('sms', 'replied', 60, true), ('sms', 'opted_out', 90, true);

create table public.events (
    id bigint generated always as identity primary key,
    provider text not null,
    event_key text not null,
    kind text not null,
    delivery_id uuid references public.deliveries,
    lead_id bigint references public.leads,
    occurred_at timestamptz not null,
    received_at timestamptz not null,
    disposition text,
    body jsonb not null,
    constraint an_event_is_stored_once unique (provider, event_key)
);
create index events_of_delivery on public.events (delivery_id);
create index events_of_lead on public.events (lead_id);

-- Which of two reasons stays on an enrolment that was stopped for both: the stronger, in whatever order they came.
create function public.stop_rank(reason text) returns int
language sql immutable
set search_path = public, pg_temp
as $$
    select coalesce(array_position(
        array['colleague_replied', 'colleague_meeting_booked', 'replied', 'callback', 'meeting_booked', 'opted_out'], reason), 0)
$$;

-- Nothing more is planned for these people: what is planned or merely claimed is cancelled, what was handed over is not.
-- Those of one company take turns, so that two colleagues who answer at once do not block each other.
create function public.stop_sequences(of_lead_id bigint, of_company_id bigint, reason text) returns void
language plpgsql
set search_path = public, pg_temp
as $$
begin
    perform from companies c where c.id = of_company_id for no key update;
    update enrolments e set state = 'stopped', paused_until = null, stop_reason = x.why
    from (
        select m.id, case when m.lead_id = of_lead_id then reason else 'colleague_' || reason end as why from enrolments m
        where m.lead_id = of_lead_id or m.company_id = of_company_id) x
    where e.id = x.id and (e.state in ('active', 'paused') or (e.state = 'stopped' and stop_rank(x.why) > stop_rank(e.stop_reason)));
    update deliveries d
    set state = 'cancelled', closed_at = loop_now(), lease_until = null,
        code = case when o.lead_id = of_lead_id then reason else 'colleague_' || reason end
    from touches o
    where o.id = d.id and d.state in ('planned', 'leased') and o.purpose = 'prospect'
        and (o.lead_id = of_lead_id or o.company_id = of_company_id);
end
$$;

create function public.note_conversation(of_lead_id bigint, of_company_id bigint, at timestamptz) returns void
language sql
set search_path = public, pg_temp
as $$
    insert into conversations as c (lead_id, company_id, last_message_at) values (of_lead_id, of_company_id, at)
    on conflict on constraint conversations_pkey do update
    set last_message_at = greatest(c.last_message_at, excluded.last_message_at), closed_at = null
$$;

-- The touch an event speaks of, by our own reference or the provider's.
create function public.find_delivery(provider text, delivery_id text, provider_id text) returns uuid
language sql stable
set search_path = public, pg_temp
as $$
    select d.id from deliveries d
    where (find_delivery.delivery_id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' and d.id = case
            when find_delivery.delivery_id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then find_delivery.delivery_id::uuid end)
        or (d.provider = find_delivery.provider and d.provider_id = find_delivery.provider_id)
    order by (d.provider_id is not distinct from find_delivery.provider_id) desc limit 1
$$;

-- Outcome on the touch: the higher rank wins, a milestone keeps its earliest time.
create function public.apply_outcome(of_delivery_id uuid, e jsonb) returns void
language plpgsql
set search_path = public, pg_temp
as $$
declare
    t timestamptz := (e ->> 'occurred_at')::timestamptz;
    m jsonb := coalesce(e -> 'milestones', '[]');
    r dispositions;
    d deliveries;
    -- The id in an answer is that of the answer.
    known_as text := case when jsonb_typeof(e -> 'reply') is distinct from 'object' then e ->> 'provider_id' end;
begin
    select x.* into r from dispositions x join deliveries y on y.channel = x.channel
    where y.id = of_delivery_id and x.code = e ->> 'disposition';
    update touches o
    set disposition = case when r.rank > o.disposition_rank then r.code else o.disposition end,
        disposition_rank = greatest(o.disposition_rank, r.rank),
        delivered_at = case when m ? 'delivered' then least(o.delivered_at, t) else o.delivered_at end,
        answered_at = case when m ? 'answered' then least(o.answered_at, t) else o.answered_at end,
        dm_contact_at = case when m ? 'dm_contact' then least(o.dm_contact_at, t) else o.dm_contact_at end,
        conversation_at = case when m ? 'conversation' then least(o.conversation_at, t) else o.conversation_at end,
        replied_at = case when m ? 'replied' then least(o.replied_at, t) else o.replied_at end,
        positive_at = case when m ? 'positive' then least(o.positive_at, t) else o.positive_at end,
        booked_at = case when m ? 'booked' then least(o.booked_at, t) else o.booked_at end,
        bounced_at = case when m ? 'bounced' then least(o.bounced_at, t) else o.bounced_at end,
        complained_at = case when m ? 'complained' then least(o.complained_at, t) else o.complained_at end,
        opted_out_at = case when m ? 'opted_out' then least(o.opted_out_at, t) else o.opted_out_at end,
        duration_s = greatest(o.duration_s, (e ->> 'duration_s')::numeric),
        cost_usd = greatest(o.cost_usd, (e ->> 'cost_usd')::numeric)
    where o.id = of_delivery_id;
    -- An event proves that the provider has it: a lost receipt or a lapsed lease is settled here.
    select * into d from deliveries x
    where x.id = of_delivery_id and x.state in ('submitted', 'accepted', 'finished', 'unknown', 'parked') for update;
    known_as := coalesce(d.provider_id, known_as);
    if d.id is null or (known_as is null and d.state <> 'finished' and r.terminal is not true) then return; end if;
    update deliveries x
    set state = case when r.terminal or d.state = 'finished' then 'finished' else 'accepted' end, provider_id = known_as,
        accepted_at = coalesce(d.accepted_at, loop_now()), lease_until = null, parked_owner = null, parked_until = null,
        closed_at = case when r.terminal then coalesce(d.closed_at, loop_now()) else d.closed_at end
    where x.id = d.id;
end
$$;

-- A meeting agreed in words. Nobody looked into the calendar before, so the time may be gone: then it clashes, and stays.
create function public.keep_agreed_meeting(
    of_lead_id bigint, of_company_id bigint, of_touch_id uuid, agreed_at timestamptz, at timestamptz
) returns void
language plpgsql
set search_path = public, pg_temp
as $$
begin
    insert into meetings as m (lead_id, company_id, touch_id, booked_at, starts_at)
    values (of_lead_id, of_company_id, of_touch_id, agreed_at, at)
    on conflict on constraint a_touch_books_one_meeting do update
    set starts_at = coalesce(m.starts_at, excluded.starts_at), booked_at = least(m.booked_at, excluded.booked_at);
exception when unique_violation then
    insert into meetings as m (lead_id, company_id, touch_id, booked_at, starts_at, clashes)
    values (of_lead_id, of_company_id, of_touch_id, agreed_at, at, true)
    on conflict on constraint a_touch_books_one_meeting do update set starts_at = excluded.starts_at, clashes = true;
end
$$;

-- What the event means for the person: stop, dead address, words, meeting.
create function public.apply_to_lead(of_lead_id bigint, of_touch_id uuid, of_event_id bigint, e jsonb) returns void
language plpgsql
set search_path = public, pg_temp
as $$
declare
    t timestamptz := (e ->> 'occurred_at')::timestamptz;
    company bigint := (select company_id from leads where id = of_lead_id);
    class text := e #>> '{reply,class}';
    spoken_to text := coalesce(e ->> 'from_address', (select address from touches where id = of_touch_id));
begin
    if e ->> 'suppress' in ('hard_bounce', 'wrong_number') then
        perform suppress_address(spoken_to, 'address', e ->> 'suppress', e ->> 'provider');
    elsif e ->> 'suppress' is not null then
        perform suppress_lead(of_lead_id, e ->> 'suppress', e ->> 'provider');
        -- The wish also holds for the address it came from, which may be another one.
        perform suppress_address(nullif(trim(e ->> 'from_address'), ''), 'person', e ->> 'suppress', e ->> 'provider');
        perform stop_sequences(of_lead_id, null, 'opted_out');
    end if;
    if (e ->> 'bad_address')::boolean then
        perform mark_address_bad(of_lead_id, spoken_to, e ->> 'disposition');
    end if;
    if class is not null then
        insert into messages (lead_id, touch_id, event_id, channel, direction, reply_class, subject, body, at)
        values (of_lead_id, of_touch_id, of_event_id,
                coalesce((select channel from touches where id = of_touch_id), e ->> 'channel', 'email'), 'in', class,
                e #>> '{reply,subject}', e #>> '{reply,text}', t);
    end if;
    if class = 'out_of_office' then
        update enrolments x set state = 'paused', paused_until = greatest(x.paused_until, (t + interval '7 days')::date)
        where x.lead_id = of_lead_id and x.state in ('active', 'paused');
    elsif class is not null and class not in ('opt_out', 'complaint') then
        perform note_conversation(of_lead_id, company, t);
        perform stop_sequences(of_lead_id, company, 'replied');
    end if;
    if coalesce(e -> 'milestones', '[]') ? 'booked' then
        perform keep_agreed_meeting(of_lead_id, company, of_touch_id, t, (e ->> 'meeting_at')::timestamptz);
        perform note_conversation(of_lead_id, company, t);
        perform stop_sequences(of_lead_id, company, 'meeting_booked');
    elsif e ->> 'disposition' = 'callback' then
        perform note_conversation(of_lead_id, company, t);
        perform stop_sequences(of_lead_id, null, 'callback');
    end if;
end
$$;

-- Store one verified event and apply it, in one transaction, before the webhook is answered.
-- Returns {stored, touch_id, lead_id, suppressed}; stored is false for a copy, which changes nothing.
create function public.apply_event_v1(event jsonb) returns jsonb
language plpgsql
set search_path = public, pg_temp
as $$
declare
    of_delivery uuid := find_delivery(event ->> 'provider', event ->> 'delivery_id', event ->> 'provider_id');
    of_lead bigint;
    new_id bigint;
    sender text := nullif(trim(event ->> 'from_address'), '');
begin
    select o.lead_id into of_lead from touches o where o.id = of_delivery;
    if of_lead is null and sender is not null then
        select coalesce((select l.id from leads l where l.email = lower(sender)),
                        (select p.lead_id from phones p where p.number = sender)) into of_lead;
        if of_delivery is null and of_lead is not null then
            select o.id into of_delivery from touches o join deliveries d on d.id = o.id
            where o.lead_id = of_lead and o.channel = event ->> 'channel' and d.state in ('accepted', 'finished', 'submitted', 'unknown')
            order by d.submitted_at desc limit 1;
        end if;
    end if;
    -- Before the row below refers to the lead: two events of one person at once would else wait for each other.
    if of_lead is not null then perform from leads l where l.id = of_lead for no key update; end if;
    insert into events (provider, event_key, kind, delivery_id, lead_id, occurred_at, received_at, disposition, body)
    values (event ->> 'provider', event ->> 'event_key', event ->> 'kind', of_delivery, of_lead,
            (event ->> 'occurred_at')::timestamptz, loop_now(), event ->> 'disposition', coalesce(event -> 'body', '{}'))
    on conflict on constraint an_event_is_stored_once do nothing returning id into new_id;
    if new_id is null then
        return jsonb_build_object('stored', false, 'touch_id', of_delivery, 'lead_id', of_lead, 'suppressed', false);
    end if;
    if of_delivery is not null then perform apply_outcome(of_delivery, event); end if;
    if of_lead is not null then
        perform apply_to_lead(of_lead, of_delivery, new_id, event);
    elsif event ->> 'suppress' is not null and sender is not null then
        -- Nobody we know, but the wish holds: should this address ever be imported, it is already closed.
        perform suppress_address(sender, case when event ->> 'suppress' in ('hard_bounce', 'wrong_number') then 'address'
                                         else 'person' end, event ->> 'suppress', event ->> 'provider');
    end if;
    -- Last, because every send of the day waits for the row of its budget.
    if of_delivery is not null then perform settle_budget(of_delivery); end if;
    return jsonb_build_object('stored', true, 'touch_id', of_delivery, 'lead_id', of_lead,
                              'suppressed', event ->> 'suppress' is not null);
end
$$;

-- One-click unsubscribe: the whole person, for good. Returns whether the lead is known.
create function public.unsubscribe_v1(touch_id uuid, source text) returns boolean
language plpgsql
set search_path = public, pg_temp
as $$
declare of_lead bigint := (select lead_id from touches where id = touch_id);
begin
    if of_lead is null then return false; end if;
    perform from leads l where l.id = of_lead for no key update;
    perform apply_outcome(touch_id, jsonb_build_object('occurred_at', loop_now(), 'disposition', 'unsubscribed',
                                                       'milestones', jsonb_build_array('opted_out')));
    perform suppress_lead(of_lead, 'unsubscribed', source);
    perform stop_sequences(of_lead, null, 'opted_out');
    return true;
end
$$;

-- The meeting that a person still has before them; of several the next.
create function public.coming_meeting(of_lead_id bigint) returns public.meetings
language sql stable
set search_path = public, pg_temp
as $$
    select m.* from meetings m
    where m.lead_id = of_lead_id and m.state = 'booked' and (m.starts_at is null or m.starts_at > loop_now())
    order by m.starts_at asc nulls last, m.id asc limit 1
$$;

-- What a booking page shows of the person it was made for: {known, zones, starts_at}. A time that clashes is no time.
create function public.booking_v1(touch_id uuid) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce((
        select jsonb_build_object(
            'known', true, 'zones', to_jsonb(l.zones),
            'starts_at', (select m.starts_at from coming_meeting(l.id) m where not m.clashes))
        from touches o join leads l on l.id = o.lead_id
        where o.id = booking_v1.touch_id and l.erased_at is null),
        jsonb_build_object('known', false, 'zones', '[]'::jsonb, 'starts_at', null))
$$;

create function public.taken_slots_v1(since timestamptz) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(x.starts_at order by x.starts_at), '[]') from (
        select distinct m.starts_at from meetings m
        where m.state = 'booked' and m.starts_at >= taken_slots_v1.since) x
$$;

-- The time for this person: what they agreed to without one, or in a clash, gets it; else it is a new meeting.
-- A link books one meeting for its touch; a later one is the person's. False when somebody was faster.
create function public.take_slot(o public.touches, at timestamptz) returns boolean
language plpgsql
set search_path = public, pg_temp
as $$
declare open_id bigint := (select id from coming_meeting(o.lead_id));
begin
    if open_id is not null then
        update meetings m set starts_at = take_slot.at, clashes = false, booked_at = loop_now() where m.id = open_id;
    else
        insert into meetings (lead_id, company_id, touch_id, booked_at, starts_at)
        values (o.lead_id, o.company_id,
                case when not exists (select from meetings m where m.touch_id = o.id) then o.id end, loop_now(), take_slot.at);
    end if;
    return true;
exception when unique_violation then
    return false;
end
$$;

-- A person books through the link of one touch. Returns {status: booked | taken | known | unknown, starts_at}; `known` is
-- their own meeting, which stays. Whether the time is one of those offered is the caller's to ask; that nobody else has it is
-- kept here. Someone who opted out may still book: the meeting is their wish, and nothing else goes to them.
create function public.book_meeting_v1(touch_id uuid, starts_at timestamptz) returns jsonb
language plpgsql
set search_path = public, pg_temp
as $$
declare
    o touches;
    mine meetings;
begin
    select x.* into o from touches x join leads l on l.id = x.lead_id
    where x.id = book_meeting_v1.touch_id and l.erased_at is null;
    if o.id is null then return jsonb_build_object('status', 'unknown', 'starts_at', null); end if;
    perform from leads l where l.id = o.lead_id for update;
    mine := coming_meeting(o.lead_id);
    if mine.starts_at is not null and not mine.clashes then
        return jsonb_build_object('status', 'known', 'starts_at', mine.starts_at);
    end if;
    if not take_slot(o, book_meeting_v1.starts_at) then
        return jsonb_build_object('status', 'taken', 'starts_at', null);
    end if;
    -- Whoever uses the link has received it, should no other word of that ever come.
    perform apply_outcome(o.id, jsonb_build_object(
        'occurred_at', loop_now(), 'milestones', jsonb_build_array('delivered', 'positive', 'booked'),
        'disposition', case o.channel when 'email' then 'clicked' when 'sms' then 'delivered' else 'meeting' end));
    perform note_conversation(o.lead_id, o.company_id, loop_now());
    perform stop_sequences(o.lead_id, o.company_id, 'meeting_booked');
    return jsonb_build_object('status', 'booked', 'starts_at', book_meeting_v1.starts_at);
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
