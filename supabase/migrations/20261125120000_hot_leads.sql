-- Hot leads: who waits for the owner, told once by mail and by text; and what the owner says became of them.

alter table public.deliveries drop constraint a_delivery_is_of_a_known_kind;
alter table public.deliveries add constraint a_delivery_is_of_a_known_kind
check (kind in ('touch', 'owner_mail', 'owner_text'));

-- The owner dealt with everything that this person had said by then; what comes later waits again.
alter table public.conversations add column handled_at timestamptz;

create index touches_that_want_a_call on public.touches (id) where disposition = 'callback';

create table public.sales (
    id bigint generated always as identity primary key,
    lead_id bigint not null references public.leads,
    company_id bigint references public.companies,
    touch_id uuid references public.touches,
    sold_at timestamptz not null,
    amount_usd numeric,
    entered_by text not null,
    constraint a_sale_is_not_worth_less_than_nothing check (amount_usd >= 0),
    constraint a_sale_is_entered_once unique (lead_id, sold_at)
);

-- What somebody said in a call: its summary, else its words.
create function public.call_words(of_touch_id uuid) returns text
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(nullif(e.body #>> '{message,analysis,summary}', ''), e.body #>> '{message,artifact,transcript}')
    from events e where e.delivery_id = of_touch_id and e.kind = 'end-of-call-report' order by e.id desc limit 1
$$;

-- Everything that asks for the owner's answer and was not dealt with: {trigger, lead, touch, channel, wish, words, at}.
-- Somebody who called and reached nobody waits like one who wrote.
-- Whoever opted out and then booked wants that meeting, and nothing else.
create function public.hot_triggers(since timestamptz)
returns table (key text, lead_id bigint, touch_id uuid, channel text, wish text, words text, at timestamptz)
language sql stable
set search_path = public, pg_temp
as $$
    select x.key, x.lead_id, x.touch_id, x.channel, x.wish, x.words, x.at from (
        select 'message:' || m.id as key, m.lead_id, m.touch_id, m.channel, m.reply_class as wish, m.body as words, m.at
        from messages m
        where m.direction = 'in' and m.handled_at is null and m.at >= since
            and m.reply_class in ('positive', 'question', 'callback', 'missed_call')
        union all
        select 'callback:' || o.id, o.lead_id, o.id, o.channel, o.disposition, call_words(o.id), d.closed_at
        from touches o join deliveries d on d.id = o.id
        where o.disposition = 'callback' and d.closed_at >= since
        union all
        select 'meeting:' || m.id, m.lead_id, m.touch_id, coalesce(o.channel, 'email'), 'meeting', call_words(o.id), m.booked_at
        from meetings m left join touches o on o.id = m.touch_id
        where m.state = 'booked' and m.booked_at >= since and coalesce(m.starts_at > loop_now(), true)) x
    left join conversations c on c.lead_id = x.lead_id
    where (c.handled_at is null or x.at > c.handled_at)
        and (x.wish = 'meeting' or not is_suppressed(x.lead_id))
$$;

-- How a person is shown to the owner: name, company, how to reach them, their next meeting.
create function public.lead_card(of_lead_id bigint) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select jsonb_build_object(
        'lead_id', l.id, 'name', concat_ws(' ', l.first_name, l.last_name), 'first_name', l.first_name, 'company', c.name,
        'email', l.email, 'zones', to_jsonb(l.zones),
        'phone', (select p.number from phones p where p.lead_id = l.id order by p.label, p.number limit 1),
        'meeting_at', m.starts_at, 'meeting_clashes', coalesce(m.clashes, false))
    from leads l left join companies c on c.id = l.company_id
    left join lateral (select * from meetings b where b.lead_id = l.id and b.state = 'booked'
                       order by b.id desc limit 1) m on true
    where l.id = of_lead_id
$$;

create or replace function public.hot_leads_v1(since timestamptz, max_rows int) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(lead_card(y.lead_id) || jsonb_build_object(
        'channel', y.channel, 'wish', y.wish, 'words', left(y.words, 400), 'at', y.at) order by y.at desc, y.lead_id), '[]')
    from (select x.* from (
              select distinct on (h.lead_id) h.* from hot_triggers(hot_leads_v1.since) h order by h.lead_id asc, h.at desc) x
          order by x.at desc, x.lead_id asc limit max_rows) y
$$;

-- What was said so far, oldest first: {at, direction, channel, subject, words}.
create function public.thread_of(of_lead_id bigint, max_rows int) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(to_jsonb(y) order by y.at, y.direction desc), '[]') from (
        select * from (
            select m.at, 'in' as direction, m.channel, m.subject, left(m.body, 1500) as words from messages m
            where m.lead_id = of_lead_id and m.direction = 'in'
            union all
            select d.submitted_at, 'out', o.channel, d.payload ->> 'subject',
                   left(case o.channel when 'email' then d.payload ->> 'text' when 'sms' then d.payload ->> 'body'
                        else call_words(o.id) end, 1500)
            from touches o join deliveries d on d.id = o.id
            where o.lead_id = of_lead_id and d.submitted_at is not null) x
        order by x.at desc, x.direction asc limit max_rows) y
$$;

-- What the owner was not told yet, oldest first, once for each of the media; what failed to go out comes again.
create function public.hot_lead_alerts_v1(since timestamptz, media text[], max_rows int) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(y.card || jsonb_build_object(
        'key', y.key, 'medium', y.medium, 'touch_id', y.touch_id, 'channel', y.channel, 'wish', y.wish,
        'words', left(y.words, 400), 'at', y.at, 'thread', thread_of(y.lead_id, 8)) order by y.at, y.key, y.medium), '[]')
    from (
        select h.*, k.medium, lead_card(h.lead_id) as card
        from hot_triggers(hot_lead_alerts_v1.since) h cross join unnest(media) k (medium)
        where not exists (
            select from deliveries d where d.natural_key = format('hot_lead:%s:%s:%s', h.lead_id, h.key, k.medium)
                and (d.state not in ('planned', 'submitted', 'unknown') or d.lease_until > loop_now() or d.latest_at <= loop_now()))
        order by h.at, h.key, k.medium limit max_rows) y
$$;

create function public.hot_lead_v1(lead_id bigint) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$ select lead_card(hot_lead_v1.lead_id) || jsonb_build_object('thread', thread_of(hot_lead_v1.lead_id, 8)) $$;

-- The owner dealt with this person: nothing waits any more, and the conversation is over. False for nobody.
create function public.close_conversation_v1(lead_id bigint) returns boolean
language plpgsql
set search_path = public, pg_temp
as $$
declare
    t timestamptz := loop_now();
begin
    perform from leads l where l.id = close_conversation_v1.lead_id for no key update;
    if not found then return false; end if;
    insert into conversations as c (lead_id, company_id, last_message_at, closed_at, handled_at)
    select l.id, l.company_id, t, t, t from leads l where l.id = close_conversation_v1.lead_id
    on conflict on constraint conversations_pkey do update set closed_at = t, handled_at = t;
    update messages m set handled_at = t where m.lead_id = close_conversation_v1.lead_id and m.handled_at is null;
    return true;
end
$$;

-- The touch that the owner's word is put down to: the last one that went out.
create function public.last_touch_of(of_lead_id bigint, before timestamptz) returns uuid
language sql stable
set search_path = public, pg_temp
as $$
    select o.id from touches o join deliveries d on d.id = o.id
    where o.lead_id = of_lead_id and d.submitted_at <= before and d.accepted_at is not null
    order by d.submitted_at desc limit 1
$$;

-- What the owner says became of somebody: meeting, held, no_show, cancelled, sale. Returns {status: added | known | unknown |
-- no_meeting}. The same again is known and changes nothing.
create function public.add_outcome_v1(
    lead_id bigint, outcome text, at timestamptz default null, amount_usd numeric default null, actor text default 'owner'
) returns jsonb
language plpgsql
set search_path = public, pg_temp
as $$
declare
    t timestamptz := loop_now();
    of_lead leads;
    touch uuid;
    n int;
begin
    select * into of_lead from leads l where l.id = add_outcome_v1.lead_id and l.erased_at is null for no key update;
    if of_lead.id is null then return jsonb_build_object('status', 'unknown'); end if;
    touch := last_touch_of(of_lead.id, case when outcome = 'sale' then coalesce(add_outcome_v1.at, t) else t end);
    if outcome = 'sale' then
        insert into sales (lead_id, company_id, touch_id, sold_at, amount_usd, entered_by)
        values (of_lead.id, of_lead.company_id, touch, coalesce(add_outcome_v1.at, t), add_outcome_v1.amount_usd, actor)
        on conflict on constraint a_sale_is_entered_once do nothing;
        get diagnostics n = row_count;
    elsif outcome = 'meeting' then
        if exists (select from meetings m where m.lead_id = of_lead.id and m.state = 'booked'
                   and m.starts_at is not distinct from add_outcome_v1.at) then return jsonb_build_object('status', 'known'); end if;
        perform keep_agreed_meeting(
            of_lead.id, of_lead.company_id,
            case when not exists (select from meetings m where m.touch_id = touch) then touch end, t, add_outcome_v1.at);
        if touch is not null then
            perform apply_outcome(touch, jsonb_build_object('occurred_at', t, 'milestones', jsonb_build_array('positive', 'booked')));
        end if;
        perform note_conversation(of_lead.id, of_lead.company_id, t);
        perform stop_sequences(of_lead.id, of_lead.company_id, 'meeting_booked');
        n := 1;
    else
        update meetings m set state = outcome
        where m.id = (select b.id from meetings b where b.lead_id = of_lead.id and b.state in ('booked', outcome)
                      order by (b.state = 'booked') desc, b.starts_at desc nulls last, b.id desc limit 1)
            and m.state = 'booked';
        get diagnostics n = row_count;
        if n = 0 then
            return jsonb_build_object('status', case when exists (
                select from meetings m where m.lead_id = of_lead.id and m.state = outcome) then 'known' else 'no_meeting' end);
        end if;
    end if;
    return jsonb_build_object('status', case when n = 1 then 'added' else 'known' end);
end
$$;

-- Who is meant by an id, an email or a number; null for nobody.
create function public.find_lead_v1(who text) returns bigint
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(
        (select l.id from leads l where l.email = lower(trim(who))),
        (select p.lead_id from phones p where p.number = trim(who)),
        (select l.id from leads l where trim(who) ~ '^[0-9]{1,18}$' and l.id = case
            when trim(who) ~ '^[0-9]{1,18}$' then trim(who)::bigint end))
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
