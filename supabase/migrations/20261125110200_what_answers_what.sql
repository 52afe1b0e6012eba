-- Conversations: how long one lasts, and the touches that answer something: an opt-out, a promise, a missed call, a meeting.

alter table public.messages add column address text;

-- A conversation lasts some days after the last message either way or the last meeting, whatever became of that, or until the
-- owner closes it; and as long as a meeting is to come.
create or replace function public.in_conversation(of_lead_id bigint, conversation_days int) returns boolean
language sql stable
set search_path = public, pg_temp
as $$
    select exists (
        select from conversations c join leads l on l.id = of_lead_id
        where (c.lead_id = l.id or c.company_id = l.company_id) and c.closed_at is null
            and greatest(c.last_message_at, (
                select max(d.submitted_at) from touches o join deliveries d on d.id = o.id
                where o.lead_id = c.lead_id and o.purpose in ('reply', 'callback', 'transactional')
                    and d.state in ('submitted', 'accepted', 'finished', 'unknown', 'parked')))
                > loop_now() - make_interval(days => conversation_days))
        or exists (
        select from meetings m join leads l on l.id = of_lead_id
        left join conversations c on c.lead_id = m.lead_id
        where (m.lead_id = l.id or m.company_id = l.company_id) and (
            (m.state = 'booked' and m.starts_at > loop_now())
            or (m.state <> 'cancelled' and coalesce(m.starts_at, m.booked_at) > loop_now() - make_interval(days => conversation_days)
                and (coalesce(m.starts_at, m.booked_at) > c.closed_at) is not false)))
$$;

-- What was said before the owner closed a conversation does not open it again, however late it is heard.
create or replace function public.note_conversation(of_lead_id bigint, of_company_id bigint, at timestamptz) returns void
language sql
set search_path = public, pg_temp
as $$
    insert into conversations as c (lead_id, company_id, last_message_at) values (of_lead_id, of_company_id, at)
    on conflict on constraint conversations_pkey do update
    set last_message_at = greatest(c.last_message_at, excluded.last_message_at),
        closed_at = case when excluded.last_message_at > c.closed_at then null else c.closed_at end
$$;

-- A touch that answers something: its step is the id of what it answers, and the same trigger never plans a second one.
-- Before an installation was ever live there is nobody who could have been answered.
create function public.plan_answer(
    of_lead_id bigint, purpose text, channel text, script_key text, about text, step bigint, due_at timestamptz, latest_at timestamptz
) returns void
language plpgsql
set search_path = public, pg_temp
as $$
declare
    key text := format('touch:%s:%s:%s', of_lead_id, purpose, about);
    new_id uuid;
begin
    insert into deliveries (id, kind, channel, natural_key, due_at, latest_at, created_at)
    select delivery_id(c.installation_id, key), 'touch', plan_answer.channel, key, plan_answer.due_at, plan_answer.latest_at, loop_now()
    from controls c join leads l on l.id = of_lead_id
    where c.installation_id is not null and l.erased_at is null
    on conflict do nothing returning id into new_id;
    if new_id is null then return; end if;
    -- It is as urgent as a window that closes within the hour, so that it never queues behind those.
    insert into touches (id, lead_id, company_id, step, attempt, purpose, channel, score, day, window_closes_at, zone, region,
                         industry, source, script_key)
    select new_id, l.id, l.company_id, plan_answer.step::int, 1, plan_answer.purpose, plan_answer.channel, l.score,
           plan_answer.due_at::date, least(plan_answer.latest_at, plan_answer.due_at + interval '1 hour'), l.zones[1], l.region,
           c.industry, l.source, plan_answer.script_key
    from leads l left join companies c on c.id = l.company_id where l.id = of_lead_id;
end
$$;

-- By what a person is best answered in writing: email, else a text to a number they agreed to be texted on; null for neither.
create function public.written_channel(of_lead_id bigint, prefers_sms boolean default false) returns text
language sql stable
set search_path = public, pg_temp
as $$
    select case when k.by_sms and (prefers_sms or not k.by_email) then 'sms' when k.by_email then 'email' end
    from (select exists (select from leads l where l.id = of_lead_id and l.email is not null and l.email_invalid_since is null) as by_email,
                 exists (select from consents c join phones p on p.number = c.address and p.lead_id = c.lead_id
                         where c.lead_id = of_lead_id and c.channel = 'sms' and c.revoked_at is null
                             and p.invalid_since is null) as by_sms) k
$$;

-- The one text that may follow an opt-out: to whoever asked for it by a text that the provider did not confirm itself. One, ever.
create function public.confirm_opt_out(of_lead_id bigint, of_event_id bigint, e jsonb) returns void
language sql
set search_path = public, pg_temp
as $$
    select plan_answer(of_lead_id, 'confirm_opt_out', 'sms', 'compliance', 'stop', of_event_id, (e ->> 'occurred_at')::timestamptz,
                       (e ->> 'occurred_at')::timestamptz + interval '5 minutes')
    where e ->> 'channel' = 'sms' and jsonb_typeof(e -> 'reply') = 'object'
        and (e #>> '{details,confirmed}')::boolean is not true
        and exists (select from phones p where p.lead_id = of_lead_id and p.number = e ->> 'from_address')
$$;

-- A call back at the promised minute. Tool call and report of one call speak of the same promise; the later time counts.
create function public.keep_promise(of_lead_id bigint, of_touch_id uuid, of_event_id bigint, promised_at timestamptz) returns void
language plpgsql
set search_path = public, pg_temp
as $$
declare about text := 'call:' || coalesce(of_touch_id::text, of_event_id::text);
begin
    perform plan_answer(of_lead_id, 'callback', 'call', 'scripts/call_promised', about, of_event_id, promised_at,
                        promised_at + interval '3 days');
    update deliveries d
    set due_at = greatest(d.due_at, promised_at), latest_at = greatest(d.latest_at, promised_at + interval '3 days')
    where d.natural_key = format('touch:%s:callback:%s', of_lead_id, about) and d.state = 'planned';
end
$$;

-- The pause of somebody who is away ends on the day they named, else after a week. Their next step waits, and keeps its life.
create function public.pause_until_back(of_lead_id bigint, e jsonb) returns void
language plpgsql
set search_path = public, pg_temp
as $$
declare back_on date := coalesce((e ->> 'back_on')::date, ((e ->> 'occurred_at')::timestamptz + interval '7 days')::date);
begin
    update enrolments x set state = 'paused', paused_until = greatest(x.paused_until, back_on)
    where x.lead_id = of_lead_id and x.state in ('active', 'paused');
    update deliveries d
    set due_at = greatest(d.due_at, back_on::timestamptz), latest_at = greatest(d.latest_at, back_on + interval '7 days')
    from touches o join enrolments x on x.id = o.enrolment_id
    where o.id = d.id and o.lead_id = of_lead_id and o.purpose = 'prospect' and x.state = 'paused'
        and d.state in ('planned', 'leased');
end
$$;

-- What the event means for the person: stop, dead address, words, meeting, promise, missed call.
create or replace function public.apply_to_lead(of_lead_id bigint, of_touch_id uuid, of_event_id bigint, e jsonb) returns void
language plpgsql
set search_path = public, pg_temp
as $$
declare
    t timestamptz := (e ->> 'occurred_at')::timestamptz;
    company bigint := (select company_id from leads where id = of_lead_id);
    class text := e #>> '{reply,class}';
    spoken_to text := coalesce(e ->> 'from_address', (select address from touches where id = of_touch_id));
    promised_at timestamptz := (e ->> 'callback_at')::timestamptz;
begin
    if e ->> 'suppress' in ('hard_bounce', 'wrong_number') then
        perform suppress_address(spoken_to, 'address', e ->> 'suppress', e ->> 'provider');
    elsif e ->> 'suppress' is not null then
        perform confirm_opt_out(of_lead_id, of_event_id, e);
        perform suppress_lead(of_lead_id, e ->> 'suppress', e ->> 'provider');
        -- The wish also holds for the address it came from, which may be another one.
        perform suppress_address(nullif(trim(e ->> 'from_address'), ''), 'person', e ->> 'suppress', e ->> 'provider');
        perform stop_sequences(of_lead_id, null, 'opted_out');
    end if;
    if (e ->> 'bad_address')::boolean then
        perform mark_address_bad(of_lead_id, spoken_to, e ->> 'disposition');
    end if;
    if class is not null then
        insert into messages (lead_id, touch_id, event_id, channel, direction, reply_class, subject, body, at, address)
        values (of_lead_id, of_touch_id, of_event_id,
                coalesce((select channel from touches where id = of_touch_id), e ->> 'channel', 'email'), 'in', class,
                e #>> '{reply,subject}', e #>> '{reply,text}', t, e ->> 'from_address');
    end if;
    if class = 'out_of_office' then
        perform pause_until_back(of_lead_id, e);
    elsif class is not null and class not in ('opt_out', 'complaint') then
        perform note_conversation(of_lead_id, company, t);
        perform stop_sequences(of_lead_id, company, 'replied');
    end if;
    if coalesce(e -> 'milestones', '[]') ? 'booked' then
        perform keep_agreed_meeting(of_lead_id, company, of_touch_id, t, (e ->> 'meeting_at')::timestamptz);
        perform note_conversation(of_lead_id, company, t);
        perform stop_sequences(of_lead_id, company, 'meeting_booked');
    elsif e ->> 'disposition' = 'callback' or promised_at > t then
        perform note_conversation(of_lead_id, company, t);
        perform stop_sequences(of_lead_id, null, 'callback');
    end if;
    if promised_at > t and e ->> 'suppress' is null then
        perform keep_promise(of_lead_id, of_touch_id, of_event_id, promised_at);
    end if;
    if (e #>> '{details,missed}')::boolean and e ->> 'suppress' is null then
        perform answer_missed_call(of_lead_id, company, of_touch_id, of_event_id, e);
    end if;
end
$$;

-- A meeting at a certain time is confirmed at once and recalled before it begins; what was planned for another time is void.
create function public.announce_meeting() returns trigger
language plpgsql
set search_path = public, pg_temp
as $$
declare
    t timestamptz := loop_now();
    by_channel text := written_channel(new.lead_id);
    at_time text := extract(epoch from new.starts_at)::bigint::text;
    stands boolean := new.state = 'booked' and not new.clashes and new.starts_at > t;
    recall_at timestamptz := case when new.starts_at - interval '28 hours' > t then new.starts_at - interval '1 day'
                                  when new.starts_at - interval '3 hours' > t then new.starts_at - interval '1 hour' end;
begin
    update deliveries d set state = 'cancelled', code = 'meeting_changed', closed_at = t, lease_until = null
    from touches o
    where o.id = d.id and o.lead_id = new.lead_id and o.purpose = 'transactional' and o.step = new.id
        and d.state in ('planned', 'leased') and (stands is not true or d.natural_key not like '%:' || at_time || ':%');
    if stands and by_channel is not null then
        perform plan_answer(new.lead_id, 'transactional', by_channel, format('scripts/%s_meeting', by_channel),
                            at_time || ':confirm', new.id, t, new.starts_at);
        if recall_at is not null then
            perform plan_answer(new.lead_id, 'transactional', by_channel, format('scripts/%s_reminder', by_channel),
                                at_time || ':remind', new.id, recall_at, new.starts_at - interval '15 minutes');
        end if;
    end if;
    return null;
end
$$;
create trigger meetings_are_announced after insert or update of starts_at, state, clashes on public.meetings
for each row execute function public.announce_meeting();

-- Everything the gate wants to know about one person; the caller picks the address by channel.
create or replace function public.lead_facts(of_lead_id bigint, conversation_days int) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select jsonb_build_object(
        'lead_id', l.id, 'company_id', l.company_id, 'first_name', l.first_name, 'last_name', l.last_name,
        'title', l.title, 'email', l.email, 'email_invalid', l.email_invalid_since is not null,
        'country', l.country, 'region', l.region, 'city', l.city, 'zones', to_jsonb(l.zones), 'source', l.source,
        'score', l.score, 'priority', l.priority, 'company', c.name, 'industry', c.industry,
        'phones', coalesce((select jsonb_agg(jsonb_build_object(
            'number', p.number, 'label', p.label, 'line_type', p.line_type, 'looked_up_on', p.looked_up_at::date,
            'invalid', p.invalid_since is not null, 'dnc_scrubbed_on', p.dnc_scrubbed_on, 'dnc_listed', p.dnc_listed,
            'rnd_checked_on', p.rnd_checked_on, 'suppressed', is_suppressed(l.id, p.number)) order by p.number)
            from phones p where p.lead_id = l.id), '[]'),
        'consents', coalesce((select jsonb_agg(jsonb_build_object(
            'id', k.id, 'channel', k.channel, 'address', k.address, 'consent_type', k.consent_type,
            'scope', k.scope, 'given_on', k.given_on, 'revoked', k.revoked_at is not null) order by k.given_on desc, k.id desc)
            from consents k where k.lead_id = l.id), '[]'),
        'suppressed', is_suppressed(l.id), 'email_suppressed', is_suppressed(l.id, l.email),
        'in_conversation', in_conversation(l.id, conversation_days),
        'last_message_at', w.at, 'last_message_from', w.address,
        'last_talked_on', (select o.address from touches o
            where o.lead_id = l.id and o.channel = 'call' and o.answered_at is not null order by o.answered_at desc limit 1),
        'meeting_at', (select min(m.starts_at) from meetings m
            where m.lead_id = l.id and m.state = 'booked' and not m.clashes and m.starts_at > loop_now()),
        'touches_24h', n.last_24h, 'touches_7d', n.last_7d, 'touches_total', n.total, 'last_touch_at', n.last_at)
    from leads l left join companies c on c.id = l.company_id
    left join lateral (select m.at, m.address from messages m
                       where m.lead_id = l.id and m.direction = 'in' order by m.at desc, m.id desc limit 1) w on true,
    contacts_of(l.id) n
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
