-- Sending: plan, claim, begin, record. Each function is one step that happens whole or not at all.

create function public.seed_senders_v1(configured jsonb) returns void
language plpgsql
set search_path = public, pg_temp
as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('senders', 0));
    update senders set active = false where id not in (select x ->> 'id' from jsonb_array_elements(configured) x);
    insert into senders as s (id, channel, address, provider_ref, set_up, warmup_started_on)
    select x ->> 'id', x ->> 'channel', x ->> 'address', x ->> 'provider_ref', (x ->> 'set_up')::boolean,
           coalesce((x ->> 'warmup_started_on')::date, loop_now()::date)
    from jsonb_array_elements(configured) x
    on conflict on constraint senders_pkey do update
    set set_up = excluded.set_up, provider_ref = excluded.provider_ref, active = true;
end
$$;

-- Leads that the planner may look at: a page of those with no open touch and no closed door.
create function public.plan_candidates_v1(
    after_id bigint, max_rows int, conversation_days int, today date
) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(x.facts order by x.id), '[]') from (
        select l.id, lead_facts(l.id, conversation_days) || jsonb_build_object('enrolment', (
            select jsonb_build_object(
                'id', e.id, 'playbook', e.playbook, 'state', e.state, 'enrolled_on', e.enrolled_on, 'held_out', e.held_out,
                'paused_until', e.paused_until,
                'steps', coalesce((select jsonb_agg(jsonb_build_object(
                    'step', t.step, 'attempt', t.attempt, 'state', d.state, 'code', d.code, 'day', t.day,
                    'channel', t.channel) order by t.step, t.attempt)
                    from touches t join deliveries d on d.id = t.id where t.enrolment_id = e.id), '[]'))
            from enrolments e where e.lead_id = l.id order by e.id desc limit 1)) as facts
        from leads l
        where l.id > after_id and l.erased_at is null
            and not exists (select from enrolments e where e.lead_id = l.id and e.state in ('stopped', 'finished'))
            and not exists (select from touches t join deliveries d on d.id = t.id
                            where t.lead_id = l.id and d.state in ('planned', 'leased', 'submitted', 'unknown', 'parked'))
            and not exists (select from enrolments e where e.lead_id = l.id and e.state = 'paused' and e.paused_until > today)
        order by l.id limit max_rows) x
$$;

create function public.enrol_v1(enrolments jsonb) returns jsonb
language plpgsql
set search_path = public, pg_temp
as $$
declare
    e jsonb;
    answer jsonb := '{}';
    new_id bigint;
begin
    for e in select * from jsonb_array_elements(enrolments) loop
        insert into enrolments (lead_id, company_id, playbook, playbook_hash, enrolled_at, enrolled_on, held_out)
        select l.id, l.company_id, e ->> 'playbook', e ->> 'playbook_hash', loop_now(), (e ->> 'enrolled_on')::date,
               (e ->> 'held_out')::boolean
        from leads l where l.id = (e ->> 'lead_id')::bigint
        on conflict (lead_id) where state in ('active', 'paused') do nothing
        returning id into new_id;
        if new_id is null then
            select x.id into new_id from enrolments x
            where x.lead_id = (e ->> 'lead_id')::bigint and x.state in ('active', 'paused');
        end if;
        answer := answer || jsonb_build_object(e ->> 'lead_id', new_id);
    end loop;
    return answer;
end
$$;

create function public.end_enrolments_v1(enrolment_ids bigint[], state text, reason text) returns int
language plpgsql
set search_path = public, pg_temp
as $$
declare n int;
begin
    update enrolments e set state = end_enrolments_v1.state, stop_reason = reason, paused_until = null
    where e.id = any(enrolment_ids) and e.state in ('active', 'paused');
    get diagnostics n = row_count;
    return n;
end
$$;

-- Planned touches, and those refused at once because no waiting would help. The same intent again changes nothing.
create function public.plan_touches_v1(installation_id uuid, touches jsonb) returns jsonb
language plpgsql
set search_path = public, pg_temp
as $$
declare
    r jsonb;
    t timestamptz := loop_now();
    key text;
    new_id uuid;
    planned int := 0;
    refused int := 0;
begin
    for r in select * from jsonb_array_elements(touches) loop
        continue when not exists (select from leads l where l.id = (r ->> 'lead_id')::bigint);
        key := format('touch:%s:%s:%s:%s', r ->> 'lead_id', coalesce(r ->> 'enrolment_id', '0'), r ->> 'step', r ->> 'attempt');
        insert into deliveries (id, kind, channel, natural_key, state, due_at, latest_at, code, created_at, closed_at)
        values (delivery_id(installation_id, key), 'touch', r ->> 'channel', key,
                case when (r ->> 'refused')::boolean then 'refused' else 'planned' end,
                (r ->> 'due_at')::timestamptz, (r ->> 'latest_at')::timestamptz, r ->> 'code', t,
                case when (r ->> 'refused')::boolean then t end)
        -- By its key or by its id: of two that plan at once the second meets either first.
        on conflict do nothing returning id into new_id;
        continue when new_id is null;
        insert into touches (id, lead_id, company_id, enrolment_id, step, attempt, purpose, channel, score, day,
                             window_closes_at, zone, region, industry, source, script_key, playbook_hash, address)
        select new_id, l.id, l.company_id, (r ->> 'enrolment_id')::bigint, (r ->> 'step')::int, (r ->> 'attempt')::int,
               r ->> 'purpose', r ->> 'channel', l.score, (r ->> 'day')::date, (r ->> 'window_closes_at')::timestamptz,
               l.zones[1], l.region, c.industry, l.source, r ->> 'script_key', r ->> 'playbook_hash', null
        from leads l left join companies c on c.id = l.company_id where l.id = (r ->> 'lead_id')::bigint;
        if (r ->> 'refused')::boolean then refused := refused + 1; else planned := planned + 1; end if;
    end loop;
    return jsonb_build_object('planned', planned, 'refused', refused);
end
$$;

-- The start of a tick: tidy what time has decided, then say what there is to do.
--   planned and past its latest time -> expired;  leased and lapsed -> planned again (nothing had left);
--   submitted and lapsed -> unknown (it may have left: it is looked up, never repeated);
--   an enrolment whose pause is over -> active.
-- A row that somebody works on this moment is left to the next tick, so that tidying never waits or deadlocks.
create function public.open_tick_v1(today date) returns jsonb
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
        'in_flight', (select coalesce(jsonb_object_agg(x.channel, x.n), '{}') from (
            select channel, count(*) as n from deliveries
            where kind = 'touch' and state in ('submitted', 'accepted', 'unknown')
                and submitted_at > t - interval '1 hour' group by channel) x),
        'spent_today', (select coalesce(jsonb_object_agg(replace(u.scope, 'budget:', ''), u.used), '{}')
            from cap_usage u where u.scope like 'budget:%' and u.bucket = today::text),
        'senders', (select coalesce(jsonb_agg(jsonb_build_object(
            'id', s.id, 'channel', s.channel, 'address', s.address, 'provider_ref', s.provider_ref, 'set_up', s.set_up,
            'health', s.health, 'warmup_started_on', s.warmup_started_on, 'last_submitted_at', s.last_submitted_at,
            'used_today', coalesce((select u.used from cap_usage u
                where u.scope = 'sender:' || s.id and u.bucket = today::text), 0),
            'used_last_hour', (select count(*) from touches o join deliveries d on d.id = o.id
                where o.sender_id = s.id and o.day >= today - 1 and d.submitted_at > t - interval '1 hour')) order by s.id), '[]')
            from senders s where s.active));
end
$$;

-- Claim what is due on one channel. The CTE is a fence: a LIMIT in a sub-query may be planned as a nested loop
-- and then lock and update more rows than the limit.
create function public.claim_due_v1(channel text, max_rows int, lease_s int, conversation_days int) returns jsonb
language plpgsql
set search_path = public, pg_temp
as $$
declare
    t timestamptz := loop_now();
    answer jsonb;
begin
    with due as materialized (
        select d.id from deliveries d join touches o on o.id = d.id
        where d.state = 'planned' and d.due_at <= t and d.latest_at > t and d.channel = claim_due_v1.channel
            and d.kind = 'touch'
        order by (o.window_closes_at is not null and o.window_closes_at <= t + interval '1 hour') desc,
                 o.purpose = 'prospect', o.score desc, o.window_closes_at, o.lead_id, o.step
        limit max_rows
        for update of d skip locked
    ), claimed as (
        update deliveries d
        set state = 'leased', lease_until = t + make_interval(secs => lease_s), fence = nextval('fences')
        from due where d.id = due.id
        returning d.id, d.fence, d.latest_at, d.try, d.code
    )
    select coalesce(jsonb_agg(jsonb_build_object(
        'id', c.id, 'fence', c.fence, 'latest_at', c.latest_at, 'try_no', c.try, 'code', c.code,
        'channel', o.channel, 'purpose', o.purpose, 'step', o.step, 'attempt', o.attempt, 'script_key', o.script_key,
        'enrolment_id', o.enrolment_id, 'held_out', coalesce(e.held_out, false), 'day', o.day,
        'lead', lead_facts(o.lead_id, conversation_days)) order by
        (o.window_closes_at is not null and o.window_closes_at <= t + interval '1 hour') desc,
        o.purpose = 'prospect', o.score desc, o.window_closes_at, o.lead_id, o.step), '[]')
    into answer
    from claimed c join touches o on o.id = c.id left join enrolments e on e.id = o.enrolment_id;
    return answer;
end
$$;

-- Nothing may go out at all: each due touch keeps its place and is told why it waits.
create function public.hold_due_v1(code text) returns int
language plpgsql
set search_path = public, pg_temp
as $$
declare n int;
begin
    update deliveries d set code = hold_due_v1.code
    where d.state = 'planned' and d.kind = 'touch' and d.due_at <= loop_now() and d.code is distinct from hold_due_v1.code;
    get diagnostics n = row_count;
    return n;
end
$$;

-- Back to planned, untouched: for what was claimed and not got to.
create function public.unclaim_v1(claims jsonb) returns int
language plpgsql
set search_path = public, pg_temp
as $$
declare n int;
begin
    update deliveries d set state = 'planned', lease_until = null
    from jsonb_array_elements(claims) x
    where d.id = (x ->> 'id')::uuid and d.fence = (x ->> 'fence')::bigint and d.state = 'leased';
    get diagnostics n = row_count;
    return n;
end
$$;

-- The gate said no. With a retry time that is still in the step's life the touch waits; otherwise it is over.
create function public.refuse_v1(id uuid, fence bigint, code text, retry_at timestamptz default null) returns boolean
language plpgsql
set search_path = public, pg_temp
as $$
begin
    update deliveries d
    set state = case when refuse_v1.retry_at < d.latest_at then 'planned' else 'refused' end,
        due_at = case when refuse_v1.retry_at < d.latest_at then greatest(refuse_v1.retry_at, loop_now()) else d.due_at end,
        closed_at = case when refuse_v1.retry_at < d.latest_at then null else loop_now() end,
        code = refuse_v1.code, lease_until = null
    where d.id = refuse_v1.id and d.fence = refuse_v1.fence and d.state = 'leased';
    return found;
end
$$;

-- Why this touch may not go out right now, or null: all that can change between the gate's look and the send.
create function public.last_objection(d public.deliveries, o public.touches, installation_id uuid, terms jsonb) returns text
language plpgsql
set search_path = public, pg_temp
as $$
declare
    c controls;
    n record;
    address text := terms ->> 'address';
begin
    select * into c from controls for share;
    if not c.live or c.installation_id is distinct from last_objection.installation_id
        or c.database_id is distinct from database_identity() then return 'NOT_LIVE'; end if;
    if c.kill_switch then return 'KILL_SWITCH'; end if;
    if o.purpose <> 'confirm_opt_out' and (is_suppressed(o.lead_id, address)) then return 'SUPPRESSED'; end if;
    if exists (select from phones p where p.number = address and p.invalid_since is not null)
        or exists (select from leads l where l.id = o.lead_id and (l.erased_at is not null
            or (l.email = address and l.email_invalid_since is not null))) then return 'BAD_DATA'; end if;
    if o.purpose <> 'prospect' then return null; end if;
    if in_conversation(o.lead_id, (terms ->> 'conversation_days')::int) then return 'IN_CONVERSATION'; end if;
    if exists (select from enrolments e where e.id = o.enrolment_id and e.state <> 'active') then return 'IN_CONVERSATION'; end if;
    if exists (select from enrolments e where e.id = o.enrolment_id and e.held_out) then return 'HOLDOUT'; end if;
    select * into n from contacts_of(o.lead_id);
    -- A limit that is not given is not "no limit".
    if (n.last_24h < (terms ->> 'per_day')::int and n.last_7d < (terms ->> 'per_week')::int
        and n.total < (terms ->> 'per_life')::int) is not true
        or exists (select from touches t join deliveries x on x.id = t.id
                   where t.lead_id = o.lead_id and t.id <> o.id and t.purpose = 'prospect' and t.day = (terms ->> 'local_day')::date
                       and x.state in ('submitted', 'accepted', 'finished', 'unknown', 'parked'))
    then return 'FREQ_CAP'; end if;
    return null;
end
$$;

-- Reserve every cap and budget token of a touch, or none. Limits: [{scope, bucket, cost, limit, code}].
create function public.reserve_tokens(limits jsonb) returns text
language plpgsql
set search_path = public, pg_temp
as $$
declare
    x jsonb;
    was numeric;
begin
    insert into cap_usage (scope, bucket)
    select l ->> 'scope', l ->> 'bucket' from jsonb_array_elements(limits) l order by 1, 2
    on conflict do nothing;
    for x in select l from jsonb_array_elements(limits) l order by l ->> 'scope', l ->> 'bucket' loop
        select used into was from cap_usage u
        where u.scope = x ->> 'scope' and u.bucket = x ->> 'bucket' for update;
        if (was + (x ->> 'cost')::numeric <= (x ->> 'limit')::numeric) is not true then return x ->> 'code'; end if;
    end loop;
    update cap_usage u set used = u.used + (l ->> 'cost')::numeric
    from jsonb_array_elements(limits) l where u.scope = l ->> 'scope' and u.bucket = l ->> 'bucket';
    return null;
end
$$;

-- Rows are locked in the order of `reserve_tokens`: two that lock the same rows in two orders would deadlock.
create function public.give_back_tokens(reserved jsonb) returns void
language sql
set search_path = public, pg_temp
as $$
    select from cap_usage u
    where (u.scope, u.bucket) in (select l ->> 'scope', l ->> 'bucket' from jsonb_array_elements(reserved) l)
    order by u.scope, u.bucket for update;
    update cap_usage u set used = greatest(u.used - (l ->> 'cost')::numeric, 0)
    from jsonb_array_elements(reserved) l where u.scope = l ->> 'scope' and u.bucket = l ->> 'bucket'
$$;

-- What a finished touch really cost takes the place of the worst case reserved for it: the rest of the budget is free
-- again. Doing it twice changes nothing.
create function public.settle_budget(of_delivery_id uuid) returns void
language plpgsql
set search_path = public, pg_temp
as $$
declare
    d deliveries;
    real_cost numeric := (select o.cost_usd from touches o where o.id = of_delivery_id);
begin
    select * into d from deliveries x where x.id = of_delivery_id and x.state = 'finished' for update;
    if d.id is null or real_cost is null then return; end if;
    update cap_usage u set used = greatest(u.used + real_cost - (l ->> 'cost')::numeric, 0)
    from jsonb_array_elements(d.reserved) l
    where l ->> 'scope' = 'budget:' || d.channel and u.scope = l ->> 'scope' and u.bucket = l ->> 'bucket';
    update deliveries x
    set reserved = (select jsonb_agg(case when l ->> 'scope' = 'budget:' || d.channel
                                     then l || jsonb_build_object('cost', real_cost) else l end)
                    from jsonb_array_elements(d.reserved) l)
    where x.id = d.id and d.reserved <> '[]';
end
$$;

-- The one atomic step between "may be sent" and "is being sent". It locks the person, looks once more at everything
-- that may have changed, reserves the tokens and freezes payload, key and provenance.
-- Returns {status: submitted | refused | lost, code, payload}. What commits before it stops the send; what commits after is in flight.
-- terms: {address, sender_id, min_gap_s, conversation_days, per_day, per_week, per_life, local_day, limits, retry_at}
create function public.begin_send_v1(
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
begin
    select * into o from touches x where x.id = begin_send_v1.id;
    perform from leads l where l.id = o.lead_id for no key update;
    select * into d from deliveries x where x.id = begin_send_v1.id for update;
    if d.state is distinct from 'leased' or d.fence is distinct from begin_send_v1.fence
        or d.lease_until <= t or d.latest_at <= t
    then
        return jsonb_build_object('status', 'lost', 'code', null);
    end if;
    code := last_objection(d, o, installation_id, terms);
    if code is null and (terms ->> 'sender_id') is not null then
        perform from senders s where s.id = terms ->> 'sender_id' for update;
        if exists (select from senders s where s.id = terms ->> 'sender_id'
                   and (not s.active or s.health = 'quarantined')) then code := 'SENDER_HEALTH'; end if;
        if exists (select from senders s where s.id = terms ->> 'sender_id'
                   and s.last_submitted_at + make_interval(secs => (terms ->> 'min_gap_s')::int) > t)
        then
            code := 'VENDOR_LIMIT';
            again := (select s.last_submitted_at from senders s where s.id = terms ->> 'sender_id')
                + make_interval(secs => (terms ->> 'min_gap_s')::int);
        end if;
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

-- The provider accepted. A webhook may have been faster; then only the receipt is filled in.
create function public.record_receipt_v1(id uuid, fence bigint, provider_id text, cost_usd numeric default null) returns boolean
language plpgsql
set search_path = public, pg_temp
as $$
begin
    update deliveries d
    set state = case when d.state in ('submitted', 'unknown') then 'accepted' else d.state end,
        provider_id = record_receipt_v1.provider_id, accepted_at = coalesce(d.accepted_at, loop_now()), lease_until = null
    where d.id = record_receipt_v1.id and d.fence = record_receipt_v1.fence
        and d.state in ('submitted', 'unknown', 'accepted', 'finished');
    if not found then return false; end if;
    update touches o set cost_usd = greatest(o.cost_usd, record_receipt_v1.cost_usd) where o.id = record_receipt_v1.id;
    perform settle_budget(record_receipt_v1.id);
    return true;
end
$$;

-- The provider did not accept, or nobody knows. verdict: failed | requeue | unknown.
-- Only what certainly did not go out gives its tokens back.
create function public.record_failure_v1(
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
    if opted_out then perform suppress_lead(o.lead_id, 'opt_out', d.provider); end if;
    if bad_address then perform mark_address_bad(o.lead_id, o.address, record_failure_v1.code); end if;
    return true;
end
$$;

create function public.mark_address_bad(of_lead_id bigint, address text, reason text) returns void
language sql
set search_path = public, pg_temp
as $$
    update phones p set invalid_since = coalesce(p.invalid_since, loop_now()) where p.number = address;
    update leads l set email_invalid_since = coalesce(l.email_invalid_since, loop_now())
    where l.id = of_lead_id and l.email = address
$$;

-- Owner mails and the like: the same intent, lease and receipt without a person to ask about.
-- Returns {status, id, fence, payload}: send the payload only at `submitted`; `leased` means that another worker has it.
create function public.begin_delivery_v1(
    installation_id uuid, kind text, channel text, natural_key text, payload jsonb, provider text, lease_s int
) returns jsonb
language plpgsql
set search_path = public, pg_temp
as $$
declare
    t timestamptz := loop_now();
    d deliveries;
begin
    insert into deliveries (id, kind, channel, natural_key, due_at, latest_at, created_at)
    values (delivery_id(installation_id, natural_key), kind, channel, natural_key, t, t + interval '20 hours', t)
    on conflict do nothing;
    select * into d from deliveries x where x.natural_key = begin_delivery_v1.natural_key for update;
    if d.state not in ('planned', 'leased', 'submitted', 'unknown') or (d.lease_until > t) or d.latest_at <= t then
        return jsonb_build_object('status', case when d.lease_until > t then 'leased' else d.state end,
                                  'id', d.id, 'fence', d.fence, 'payload', null);
    end if;
    update deliveries x
    set state = 'submitted', payload = coalesce(x.payload, begin_delivery_v1.payload), provider = begin_delivery_v1.provider,
        submitted_at = coalesce(x.submitted_at, t), try = x.try + 1, fence = nextval('fences'),
        lease_until = t + make_interval(secs => lease_s)
    where x.id = d.id returning * into d;
    return jsonb_build_object('status', 'submitted', 'id', d.id, 'fence', d.fence, 'payload', d.payload);
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
