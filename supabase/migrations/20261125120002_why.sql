-- Why somebody was contacted or not: everything on record about one person, and every decision with its reason.

-- One touch whole: what it was, on what it rested, each state with its code, and what was reported of it.
create function public.touch_record(of_touch_id uuid) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select jsonb_build_object(
        'id', o.id, 'purpose', o.purpose, 'channel', o.channel, 'step', o.step, 'attempt', o.attempt, 'day', o.day, 'zone', o.zone,
        'address', o.address, 'sender', o.sender_id, 'state', d.state, 'code', d.code, 'due_at', d.due_at, 'latest_at', d.latest_at,
        'tries', d.try, 'submitted_at', d.submitted_at, 'accepted_at', d.accepted_at, 'closed_at', d.closed_at,
        'provider', d.provider, 'provider_id', d.provider_id, 'parked_owner', d.parked_owner,
        'script_key', o.script_key, 'script_hash', o.script_hash, 'playbook_hash', o.playbook_hash, 'rules_hash', o.rules_hash,
        'arm', o.arm, 'score', coalesce((o.provenance ->> 'score')::int, o.score), 'consent_id', o.consent_id,
        'disposition', o.disposition, 'duration_s', o.duration_s, 'cost_usd', o.cost_usd,
        'milestones', jsonb_strip_nulls(jsonb_build_object(
            'delivered', o.delivered_at, 'answered', o.answered_at, 'dm_contact', o.dm_contact_at, 'conversation', o.conversation_at,
            'replied', o.replied_at, 'positive', o.positive_at, 'booked', o.booked_at, 'bounced', o.bounced_at,
            'complained', o.complained_at, 'opted_out', o.opted_out_at)),
        'decisions', coalesce((select jsonb_agg(jsonb_build_object(
            'at', x.at, 'from', x.from_state, 'to', x.to_state, 'code', x.code) order by x.id) from (
                select * from delivery_transitions k where k.delivery_id = o.id order by k.id desc limit 100) x), '[]'),
        'events', coalesce((select jsonb_agg(jsonb_build_object(
            'at', e.occurred_at, 'provider', e.provider, 'kind', e.kind, 'disposition', e.disposition) order by e.occurred_at, e.id)
            from events e where e.delivery_id = o.id), '[]'))
    from touches o join deliveries d on d.id = o.id where o.id = of_touch_id
$$;

create function public.why_v1(lead_id bigint, conversation_days int) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select jsonb_build_object(
        'lead', to_jsonb(l) - 'score' - 'priority' - 'score_reasons' - 'signals' || jsonb_build_object('company', c.name),
        'score', jsonb_build_object('points', l.score, 'priority', l.priority, 'reasons', to_jsonb(l.score_reasons),
                                    'signals', to_jsonb(l.signals)),
        'phones', coalesce((select jsonb_agg(to_jsonb(p) - 'lead_id' order by p.number) from phones p where p.lead_id = l.id), '[]'),
        'consents', coalesce((select jsonb_agg(to_jsonb(k) - 'lead_id' order by k.given_on, k.id)
                              from consents k where k.lead_id = l.id), '[]'),
        'suppressions', coalesce((select jsonb_agg(jsonb_build_object(
            'address', a.address, 'reach', s.reach, 'reason', s.reason, 'source', s.source, 'at', s.created_at) order by s.id)
            from (select l.email as address union all select p.number from phones p where p.lead_id = l.id) a
            join suppressions s on s.hash = address_hash(a.address)), '[]'),
        'enrolments', coalesce((select jsonb_agg(to_jsonb(e) - 'lead_id' - 'company_id' order by e.id)
                                from enrolments e where e.lead_id = l.id), '[]'),
        'touches', coalesce((select jsonb_agg(touch_record(x.id) order by x.due_at, x.id) from (
            select o.id, d.due_at from touches o join deliveries d on d.id = o.id
            where o.lead_id = l.id order by d.due_at desc, o.id limit 100) x), '[]'),
        'messages', coalesce((select jsonb_agg(jsonb_build_object(
            'at', m.at, 'direction', m.direction, 'channel', m.channel, 'class', m.reply_class, 'words', left(m.body, 1500),
            'handled_at', m.handled_at) order by m.at, m.id) from messages m where m.lead_id = l.id), '[]'),
        'conversation', (select to_jsonb(v) - 'lead_id' - 'company_id' from conversations v where v.lead_id = l.id),
        'meetings', coalesce((select jsonb_agg(to_jsonb(m) - 'lead_id' - 'company_id' order by m.id)
                              from meetings m where m.lead_id = l.id), '[]'),
        'sales', coalesce((select jsonb_agg(to_jsonb(s) - 'lead_id' - 'company_id' order by s.id)
                           from sales s where s.lead_id = l.id), '[]'),
        'facts', lead_facts(l.id, conversation_days))
    from leads l left join companies c on c.id = l.company_id
    where l.id = why_v1.lead_id
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
