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

-- Nothing more is planned for these people: what is planned or merely claimed is cancelled, what was handed over is not.
create function public.stop_sequences(of_lead_id bigint, of_company_id bigint, reason text) returns void
language plpgsql
set search_path = public, pg_temp
as $$
begin
    update enrolments e
    set state = 'stopped', paused_until = null,
        stop_reason = case when e.lead_id = of_lead_id then reason else 'colleague_' || reason end
    where e.state in ('active', 'paused') and (e.lead_id = of_lead_id or e.company_id = of_company_id);
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
begin
    select x.* into r from dispositions x join deliveries d on d.channel = x.channel
    where d.id = of_delivery_id and x.code = e ->> 'disposition';
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
    update deliveries d
    set state = case when r.terminal or d.state = 'finished' then 'finished' when d.state in ('submitted', 'unknown', 'parked')
            and coalesce(d.provider_id, e ->> 'provider_id') is not null then 'accepted' else d.state end,
        provider_id = coalesce(d.provider_id, e ->> 'provider_id'),
        accepted_at = coalesce(d.accepted_at, loop_now()), lease_until = null, parked_owner = null, parked_until = null,
        closed_at = case when r.terminal then coalesce(d.closed_at, loop_now()) else d.closed_at end
    where d.id = of_delivery_id and d.state in ('submitted', 'accepted', 'finished', 'unknown', 'parked');
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
        update enrolments x set state = 'paused', paused_until = (t + interval '7 days')::date
        where x.lead_id = of_lead_id and x.state = 'active';
    elsif class is not null and class not in ('opt_out', 'complaint') then
        perform note_conversation(of_lead_id, company, t);
        perform stop_sequences(of_lead_id, company, 'replied');
    end if;
    if coalesce(e -> 'milestones', '[]') ? 'booked' then
        insert into meetings (lead_id, company_id, touch_id, booked_at, starts_at)
        values (of_lead_id, company, of_touch_id, t, (e ->> 'meeting_at')::timestamptz)
        on conflict on constraint a_touch_books_one_meeting do update
        set starts_at = coalesce(meetings.starts_at, excluded.starts_at);
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
    insert into events (provider, event_key, kind, delivery_id, lead_id, occurred_at, received_at, disposition, body)
    values (event ->> 'provider', event ->> 'event_key', event ->> 'kind', of_delivery, of_lead,
            (event ->> 'occurred_at')::timestamptz, loop_now(), event ->> 'disposition', coalesce(event -> 'body', '{}'))
    on conflict on constraint an_event_is_stored_once do nothing returning id into new_id;
    if new_id is null then
        return jsonb_build_object('stored', false, 'touch_id', of_delivery, 'lead_id', of_lead, 'suppressed', false);
    end if;
    if of_lead is not null then perform from leads l where l.id = of_lead for update; end if;
    if of_delivery is not null then perform apply_outcome(of_delivery, event); end if;
    if of_lead is not null then
        perform apply_to_lead(of_lead, of_delivery, new_id, event);
    elsif event ->> 'suppress' is not null and sender is not null then
        -- Nobody we know, but the wish holds: should this address ever be imported, it is already closed.
        perform suppress_address(sender, 'person', event ->> 'suppress', event ->> 'provider');
    end if;
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
    perform from leads l where l.id = of_lead for update;
    perform apply_outcome(touch_id, jsonb_build_object('occurred_at', loop_now(), 'disposition', 'unsubscribed',
                                                       'milestones', jsonb_build_array('opted_out')));
    perform suppress_lead(of_lead, 'unsubscribed', source);
    perform stop_sequences(of_lead, null, 'opted_out');
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
