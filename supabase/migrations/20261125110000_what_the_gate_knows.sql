-- What the gate knows of senders and numbers: measured health, look-ups that grow old, numbers that changed hands.

alter table public.senders add column health_reason text;
alter table public.senders add column health_since timestamptz;

alter table public.phones add column rnd_checked_on date;

-- Configured senders become the active ones. A `set_up` that could not be asked about stays as it was known, and starts as no.
-- What waited for a sender to be set up is due at once when it is.
create or replace function public.seed_senders_v1(configured jsonb) returns void
language plpgsql
set search_path = public, pg_temp
as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('senders', 0));
    update deliveries d set due_at = loop_now()
    where d.state = 'planned' and d.code = 'SENDER_SETUP' and d.channel in (
        select s.channel from senders s join jsonb_array_elements(configured) x on x ->> 'id' = s.id
        where (x ->> 'set_up')::boolean and not s.set_up);
    update senders set active = false where id not in (select x ->> 'id' from jsonb_array_elements(configured) x);
    insert into senders as s (id, channel, address, provider_ref, set_up, set_up_ask_at, warmup_started_on)
    select x ->> 'id', x ->> 'channel', x ->> 'address', x ->> 'provider_ref',
           coalesce((x ->> 'set_up')::boolean, (select o.set_up from senders o where o.id = x ->> 'id'), false),
           (x ->> 'ask_at')::timestamptz,
           coalesce((x ->> 'warmup_started_on')::date, loop_now()::date)
    from jsonb_array_elements(configured) x
    on conflict on constraint senders_pkey do update
    set set_up = excluded.set_up, set_up_ask_at = excluded.set_up_ask_at, provider_ref = excluded.provider_ref, active = true;
end
$$;

-- What came back of each active sender's sends. A call without an outcome so far is not counted, nor is one that never rang.
create function public.sender_records_v1(today date, bounce_days int, complaint_days int, answer_days int) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(jsonb_build_object(
        'sender_id', s.id, 'channel', s.channel, 'health', s.health,
        'mails', coalesce(n.mails, 0), 'bounced', coalesce(n.bounced, 0),
        'mails_for_complaints', coalesce(n.mails_for_complaints, 0), 'complained', coalesce(n.complained, 0),
        'calls', coalesce(n.calls, 0), 'answered', coalesce(n.answered, 0)) order by s.id), '[]')
    from senders s left join (
        select o.sender_id,
               count(*) filter (where o.channel = 'email' and o.day > today - bounce_days) as mails,
               count(o.bounced_at) filter (where o.channel = 'email' and o.day > today - bounce_days) as bounced,
               count(*) filter (where o.channel = 'email' and o.day > today - complaint_days) as mails_for_complaints,
               count(o.complained_at) filter (where o.channel = 'email' and o.day > today - complaint_days) as complained,
               count(*) filter (where o.channel = 'call' and o.day > today - answer_days
                                and o.disposition not in ('call_failed', 'invalid_number')) as calls,
               count(o.answered_at) filter (where o.channel = 'call' and o.day > today - answer_days
                                            and o.disposition not in ('call_failed', 'invalid_number')) as answered
        from touches o join deliveries d on d.id = o.id
        where o.day > today - greatest(bounce_days, complaint_days, answer_days) and d.state in ('accepted', 'finished')
        group by 1) n on n.sender_id = s.id
    where s.active
$$;

-- Verdicts: [{sender_id, health, why}]. Returns those that changed, and each leaves a line in the evolution log.
create function public.set_sender_health_v1(verdicts jsonb) returns jsonb
language sql
set search_path = public, pg_temp
as $$
    with found as materialized (
        select s.id, s.health as was, v ->> 'health' as health, nullif(v ->> 'why', '') as why
        from jsonb_array_elements(verdicts) v join senders s on s.id = v ->> 'sender_id'
        where s.health <> v ->> 'health'
        order by s.id for update of s
    ), changed as (
        update senders s set health = f.health, health_reason = f.why, health_since = loop_now()
        from found f where s.id = f.id
    ), noted as (
        insert into evolution_log (changed_at, subject, change, before, after, approver)
        select loop_now(), 'sender ' || f.id, f.health, jsonb_build_object('health', f.was),
               jsonb_build_object('health', f.health, 'why', f.why), 'gate'
        from found f
    )
    select coalesce(jsonb_agg(jsonb_build_object('sender_id', f.id, 'health', f.health, 'why', coalesce(f.why, ''))
                              order by f.id), '[]')
    from found f
$$;

-- Senders that the owner should know about: {sender_id, health, why, since}.
create function public.senders_at_rest_v1() returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(jsonb_build_object('sender_id', s.id, 'health', s.health, 'why', coalesce(s.health_reason, ''),
                                                 'since', s.health_since) order by s.id), '[]')
    from senders s where s.active and s.health <> 'healthy'
$$;

-- Numbers whose look-up is older than so many days, of leads that may still be contacted: the oldest answer first.
create function public.numbers_to_look_up_again_v1(max_rows int, valid_days int) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(x.number), '[]') from (
        select p.number from phones p join leads l on l.id = p.lead_id
        where p.looked_up_at < loop_now() - make_interval(days => valid_days) and p.invalid_since is null
            and l.erased_at is null and l.country = 'US' and l.id not in (select suppressed_leads())
        order by p.looked_up_at, p.number limit max_rows) x
$$;

-- A row may also say when the Reassigned Numbers Database was asked, and whether the number has a new holder since:
-- then the number is nobody's we know, and is closed like any wrong number.
create or replace function public.import_scrub_v1(numbers jsonb) returns jsonb
language plpgsql
set search_path = public, pg_temp
as $$
declare
    r jsonb;
    answer jsonb := '[]';
    was phones;
    n int;
    news boolean;
begin
    for r in select * from jsonb_array_elements(numbers) loop
        select * into was from phones p where p.number = r ->> 'number' for update;
        if not found then
            answer := answer || jsonb_build_object('line', r -> 'line', 'status', 'unmatched');
            continue;
        end if;
        update phones p
        set dnc_scrubbed_on = (r ->> 'scrubbed_on')::date, dnc_listed = (r ->> 'listed')::boolean
        where p.number = r ->> 'number' and (was.dnc_scrubbed_on is null or was.dnc_scrubbed_on < (r ->> 'scrubbed_on')::date
            -- Two lists of one day: that a number stands on one of them counts.
            or (was.dnc_scrubbed_on = (r ->> 'scrubbed_on')::date and (r ->> 'listed')::boolean and not p.dnc_listed));
        news := found;
        if (r ->> 'reassigned')::boolean then
            perform suppress_address(r ->> 'number', 'address', 'wrong_number', 'reassigned_numbers');
            update phones p set invalid_since = loop_now() where p.number = r ->> 'number' and p.invalid_since is null;
            news := news or found;
        elsif (r ->> 'rnd_checked_on') is not null then
            update phones p set rnd_checked_on = (r ->> 'rnd_checked_on')::date
            where p.number = r ->> 'number' and (p.rnd_checked_on is null or p.rnd_checked_on < (r ->> 'rnd_checked_on')::date);
            news := news or found;
        end if;
        answer := answer || jsonb_build_object('line', r -> 'line', 'status', case when news then 'new' else 'known' end);
    end loop;
    return answer;
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
