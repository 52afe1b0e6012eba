-- What is asked about many rows is asked once: facts of all people of a claim, and the trail of all rows of one statement.

create index meetings_of_company on public.meetings (company_id);

-- What the gate must know of each of these people. What most of them do not have (suppressions, conversations, earlier contacts)
-- is looked for once for all, and the questions that are asked person by person only of those who have it.
create function public.facts_of(lead_ids bigint[], conversation_days int) returns table (
    lead_id bigint, company_id bigint, first_name text, last_name text, title text, email text, email_invalid boolean, country text,
    region text, city text, zones text[], source text, score int, priority text, company text, industry text, phones json,
    consents json, suppressed boolean, email_suppressed boolean, in_conversation boolean, last_message_at timestamptz,
    last_message_from text, last_talked_on text, meeting_at timestamptz, touches_24h int, touches_7d int, touches_total int,
    last_touch_at timestamptz
)
language sql stable
set search_path = public, pg_temp
as $$
    with people as materialized (
        select l.*, c.name as company, c.industry
        from leads l left join companies c on c.id = l.company_id
        where l.id = any(lead_ids)
    ), stopped as materialized (
        select a.lead_id, a.address, bool_or(s.reach = 'person') as as_person
        from (select p.id as lead_id, p.email as address from people p
              union all select n.lead_id, n.number from phones n where n.lead_id = any(lead_ids)) a
        join suppressions s on s.hash = address_hash(a.address)
        group by a.lead_id, a.address
    ), talking as materialized (
        select x.id, in_conversation(x.id, conversation_days) as at_present,
            (select min(m.starts_at) from meetings m
             where m.lead_id = x.id and m.state = 'booked' and not m.clashes and m.starts_at > loop_now()) as meeting_at
        from (select p.id from people p join conversations c on c.lead_id = p.id
              union select p.id from people p join conversations c on c.company_id = p.company_id
              union select p.id from people p join meetings m on m.lead_id = p.id
              union select p.id from people p join meetings m on m.company_id = p.company_id) x
    ), contacted as materialized (
        select x.lead_id, n.*,
            (select o.address from touches o where o.lead_id = x.lead_id and o.channel = 'call' and o.answered_at is not null
             order by o.answered_at desc limit 1) as talked_on
        from (select distinct t.lead_id from touches t join deliveries d on d.id = t.id
              where t.lead_id = any(lead_ids) and d.state in ('submitted', 'accepted', 'finished', 'unknown', 'parked')) x,
        contacts_of(x.lead_id) n
    )
    select p.id, p.company_id, p.first_name, p.last_name, p.title, p.email, p.email_invalid_since is not null, p.country, p.region,
        p.city, p.zones, p.source, p.score, p.priority, p.company, p.industry, coalesce(n.found, '[]'), coalesce(k.found, '[]'),
        exists (select from stopped s where s.lead_id = p.id and s.as_person),
        exists (select from stopped s where s.lead_id = p.id and (s.as_person or s.address = p.email)),
        coalesce(c.at_present, false), w.at, w.address,
        t.talked_on, c.meeting_at, coalesce(t.last_24h, 0), coalesce(t.last_7d, 0), coalesce(t.total, 0), t.last_at
    from people p
    left join talking c on c.id = p.id
    left join contacted t on t.lead_id = p.id
    left join lateral (
        select json_agg(json_build_object(
            'number', n.number, 'label', n.label, 'line_type', n.line_type, 'looked_up_on', n.looked_up_at::date,
            'invalid', n.invalid_since is not null, 'dnc_scrubbed_on', n.dnc_scrubbed_on, 'dnc_listed', n.dnc_listed,
            'rnd_checked_on', n.rnd_checked_on,
            'suppressed', exists (select from stopped s where s.lead_id = p.id and (s.as_person or s.address = n.number)))
            order by n.number) as found
        from phones n where n.lead_id = p.id) n on true
    left join lateral (
        select json_agg(json_build_object(
            'id', k.id, 'channel', k.channel, 'address', k.address, 'consent_type', k.consent_type,
            'scope', k.scope, 'given_on', k.given_on, 'revoked', k.revoked_at is not null) order by k.given_on desc, k.id desc) as found
        from consents k where k.lead_id = p.id) k on true
    left join lateral (select m.at, m.address from messages m
                       where m.lead_id = p.id and m.direction = 'in' order by m.at desc, m.id desc limit 1) w on true
$$;

create or replace function public.lead_facts(of_lead_id bigint, conversation_days int) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$ select to_jsonb(f) from facts_of(array[of_lead_id], conversation_days) f $$;

-- As before, and the facts of a page of leads are asked for at once.
create or replace function public.plan_candidates_v1(
    after_id bigint, max_rows int, conversation_days int, today date
) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    with page as materialized (
        select l.id from leads l
        where l.id > after_id and l.erased_at is null and l.at_rest_since is null
            and not exists (select from enrolments e
                            where e.lead_id = l.id and e.state in ('stopped', 'finished') and e.again_at is null)
            and not exists (select from touches t join deliveries d on d.id = t.id
                            where t.lead_id = l.id and d.state in ('planned', 'leased', 'submitted', 'unknown', 'parked'))
            and not exists (select from enrolments e where e.lead_id = l.id and e.state = 'paused' and e.paused_until > today)
        order by l.id limit max_rows
    )
    select coalesce(jsonb_agg(to_jsonb(f) || jsonb_build_object('enrolment', (
        select jsonb_build_object(
            'id', e.id, 'playbook', e.playbook, 'state', e.state, 'enrolled_on', e.enrolled_on, 'held_out', e.held_out,
            'paused_until', e.paused_until,
            'steps', coalesce((select jsonb_agg(jsonb_build_object(
                'step', t.step, 'attempt', t.attempt, 'state', d.state, 'code', d.code, 'day', t.day,
                'channel', t.channel) order by t.step, t.attempt)
                from touches t join deliveries d on d.id = t.id where t.enrolment_id = e.id), '[]'))
        from enrolments e where e.lead_id = f.lead_id and e.again_at is null order by e.id desc limit 1)) order by f.lead_id), '[]')
    from facts_of(array(select p.id from page p), conversation_days) f
$$;

-- As claim_due_v1, and answers in json: to build jsonb, sort its keys and print it again took longer than all the rest.
create function public.claim_due_v2(channel text, max_rows int, lease_s int, conversation_days int) returns json
language plpgsql
set search_path = public, pg_temp
as $$
declare
    t timestamptz := loop_now();
    soon timestamptz := t + interval '1 hour';
    due uuid[] := lock_due(channel, t, soon, max_rows);
    of_leads bigint[] := array(select distinct o.lead_id from touches o where o.id = any(due));
    answer json;
begin
    with claimed as (
        update deliveries d
        set state = 'leased', lease_until = t + make_interval(secs => lease_s), fence = nextval('fences')
        where d.id = any(due)
        returning d.id, d.fence, d.latest_at, d.try, d.code, d.place, d.window_closes_at
    ), facts as materialized (
        select f.* from facts_of(of_leads, conversation_days) f
    )
    select coalesce(json_agg(json_build_object(
        'id', c.id, 'fence', c.fence, 'latest_at', c.latest_at, 'try_no', c.try, 'code', c.code,
        'channel', o.channel, 'purpose', o.purpose, 'step', o.step, 'attempt', o.attempt, 'script_key', o.script_key,
        'enrolment_id', o.enrolment_id, 'held_out', coalesce(e.held_out, false), 'day', o.day, 'lead', row_to_json(f))
        order by coalesce(c.window_closes_at <= soon, false) desc, c.place), '[]')
    into answer
    from claimed c join touches o on o.id = c.id join facts f on f.lead_id = o.lead_id
    left join enrolments e on e.id = o.enrolment_id;
    return answer;
end
$$;

-- For containers of the last deploy.
create or replace function public.claim_due_v1(channel text, max_rows int, lease_s int, conversation_days int) returns jsonb
language sql
set search_path = public, pg_temp
as $$ select claim_due_v2(claim_due_v1.channel, max_rows, lease_s, conversation_days)::jsonb $$;

-- The trail, written once for all rows of a statement.
create or replace function public.note_transition() returns trigger
language plpgsql
set search_path = public, pg_temp
as $$
begin
    if tg_op = 'INSERT' then
        insert into delivery_transitions (delivery_id, at, from_state, to_state, code)
        select n.id, loop_now(), null, n.state, n.code from now_so n;
    else
        insert into delivery_transitions (delivery_id, at, from_state, to_state, code)
        select n.id, loop_now(), o.state, n.state, n.code from now_so n join was_so o on o.id = n.id
        where o.state is distinct from n.state or o.code is distinct from n.code;
    end if;
    return null;
end
$$;

-- Triggers that mostly have nothing to do are not called then.
create or replace trigger what_is_unknown_is_asked_about before update on public.deliveries
for each row when (new.state is distinct from old.state and (new.state = 'unknown' or new.ask_at is not null))
execute function public.note_unknown();
create or replace trigger sends_are_counted_once after update on public.deliveries
for each row when (new.kind = 'touch' and old.accepted_at is null and new.accepted_at is not null)
execute function public.count_sent();
create or replace trigger milestones_are_counted_once after update on public.touches
for each row when (
    (
        new.delivered_at, new.answered_at, new.dm_contact_at, new.conversation_at, new.replied_at, new.positive_at, new.booked_at,
        new.bounced_at, new.complained_at, new.opted_out_at
    ) is distinct from (
        old.delivered_at, old.answered_at, old.dm_contact_at, old.conversation_at, old.replied_at, old.positive_at, old.booked_at,
        old.bounced_at, old.complained_at, old.opted_out_at
    )
)
execute function public.count_milestones();

drop trigger deliveries_leave_a_trail on public.deliveries;
create trigger deliveries_begin_a_trail after insert on public.deliveries
referencing new table as now_so for each statement execute function public.note_transition();
create trigger deliveries_leave_a_trail after update on public.deliveries
referencing old table as was_so new table as now_so for each statement execute function public.note_transition();

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
