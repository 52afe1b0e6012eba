-- Reconcile: what may have gone out is looked up; what a channel must have heard and waited for before it sends.

alter table public.deliveries add column unknown_at timestamptz, add column ask_at timestamptz;
update public.deliveries set unknown_at = coalesce(submitted_at, created_at), ask_at = public.loop_now()
where state in ('unknown', 'parked');
create index deliveries_to_ask on public.deliveries (ask_at) where state in ('unknown', 'parked');

-- Since when nobody knows, and when the provider is asked next. By a trigger, so that no way into `unknown` forgets it.
create function public.note_unknown() returns trigger
language plpgsql
set search_path = public, pg_temp
as $$
begin
    if new.state = 'unknown' then
        new.unknown_at := loop_now();
        new.ask_at := loop_now();
    elsif new.state not in ('parked', 'submitted') then
        new.ask_at := null;
    end if;
    return new;
end
$$;
create trigger what_is_unknown_is_asked_about before update on public.deliveries
for each row when (new.state is distinct from old.state) execute function public.note_unknown();

-- What every container must know of a channel. It rests when its provider asked for that, and when sends keep failing:
-- `strikes` counts failures since the last send that was accepted, `struck_at` is when the first of them was,
-- `struck_code` what the last of them said, `needs_owner` whether that will not pass by itself;
-- `deaf_since` is since when it cannot be listened to.
-- `heard_until`: everything that the provider took from us or got from people before that instant is in this ledger.
-- `heard_by` is the start of the database server that noted it: another server may be a restored one, which has forgotten
-- what was sent meanwhile.
create table public.channels (
    channel text primary key,
    rests_until timestamptz,
    rest_code text,
    strikes int not null default 0,
    struck_at timestamptz,
    struck_code text,
    needs_owner boolean not null default false,
    deaf_since timestamptz,
    deaf_code text,
    heard_until timestamptz,
    heard_by timestamptz,
    constraint a_rest_says_why check ((rests_until is null) = (rest_code is null)),
    constraint what_is_deaf_says_why check ((deaf_since is null) = (deaf_code is null)),
    constraint strikes_are_counted_from_a_first check (strikes >= 0 and (strikes = 0) = (struck_at is null)),
    constraint a_strike_says_why check ((struck_at is null) = (struck_code is null) and (struck_at is not null or not needs_owner)),
    constraint what_was_heard_was_heard_by_a_server check ((heard_until is null) = (heard_by is null))
);
insert into public.channels (channel) values ('call'), ('email'), ('sms');

-- By a trigger as well: an answer, a look-up and a webhook alike show that the provider takes what we send.
create function public.note_that_it_works() returns trigger
language plpgsql
set search_path = public, pg_temp
as $$
begin
    update channels c set strikes = 0, struck_at = null, struck_code = null, needs_owner = false
    where c.channel = new.channel and c.strikes > 0;
    return null;
end
$$;
create trigger what_is_accepted_shows_that_its_channel_works after update on public.deliveries
for each row when (old.state in ('submitted', 'unknown', 'parked') and new.state in ('accepted', 'finished'))
execute function public.note_that_it_works();

-- What a provider took that this ledger knows nothing of: after a restore, sends whose intent was lost. `reference` is
-- the touch id, for texts the hash of number and text. Kept so that the same is not sent again when it is planned again.
create table public.sightings (
    provider text not null,
    provider_id text not null,
    reference text not null,
    accepted_at timestamptz not null,
    primary key (provider, provider_id)
);
create index sightings_by_reference on public.sightings (reference);

create function public.text_reference(to_number text, body text) returns text
language sql immutable
set search_path = public, pg_temp
as $$ select encode(sha256(convert_to(to_number || '|' || body, 'UTF8')), 'hex') $$;

-- Hold what is to be asked about now: {id, fence, kind, channel, state, payload, submitted_at, unknown_at, latest_at,
-- address, purpose, held_out, lead}. Whoever dies with it leaves it to be asked about again after `hold_s`. The new fence shuts
-- out the worker that sent it: from here on the provider's word counts, not its.
create function public.claim_unknown_v1(max_rows int, hold_s int, conversation_days int) returns jsonb
language plpgsql
set search_path = public, pg_temp
as $$
declare
    t timestamptz := loop_now();
    answer jsonb;
begin
    with due as materialized (
        select d.id from deliveries d where d.state in ('unknown', 'parked') and d.ask_at <= t
        order by d.ask_at, d.id limit max_rows for update skip locked
    ), held as (
        update deliveries d set ask_at = t + make_interval(secs => hold_s), fence = nextval('fences')
        from due where d.id = due.id returning d.*
    )
    select coalesce(jsonb_agg(jsonb_build_object(
        'id', h.id, 'fence', h.fence, 'kind', h.kind, 'channel', h.channel, 'state', h.state, 'payload', h.payload,
        'submitted_at', h.submitted_at, 'unknown_at', h.unknown_at, 'latest_at', h.latest_at, 'address', o.address,
        'purpose', o.purpose, 'held_out', coalesce(e.held_out, false),
        'lead', case when o.id is not null then lead_facts(o.lead_id, conversation_days) end) order by h.submitted_at, h.id), '[]')
    into answer
    from held h left join touches o on o.id = h.id left join enrolments e on e.id = o.enrolment_id;
    return answer;
end
$$;

-- What the provider said about it. verdict:
--   accepted  it has it, under `provider_id`; false when that id is another delivery's already
--   absent    it certainly has not: the touch is planned again as it was, its tokens come back, the gate is asked again
--   wait      it cannot be said yet: ask again at `ask_at`
--   parked    it cannot be said: from now on somebody owns it, and it is asked about again at `ask_at`
create function public.settle_v1(
    id uuid, fence bigint, verdict text, provider_id text default null, ask_at timestamptz default null,
    owner text default null, code text default null
) returns boolean
language plpgsql
set search_path = public, pg_temp
as $$
declare
    t timestamptz := loop_now();
    d deliveries;
begin
    select * into d from deliveries x
    where x.id = settle_v1.id and x.fence = settle_v1.fence and x.state in ('unknown', 'parked') for update;
    if d.id is null then return false; end if;
    if verdict = 'accepted' then
        if exists (select from deliveries x where x.provider = d.provider and x.provider_id = settle_v1.provider_id and x.id <> d.id)
        then return false; end if;
        update deliveries x
        set state = 'accepted', provider_id = settle_v1.provider_id, accepted_at = coalesce(x.accepted_at, t), code = null,
            parked_owner = null, parked_until = null
        where x.id = d.id;
    elsif verdict = 'absent' then
        perform give_back_tokens(d.reserved);
        update deliveries x
        set state = case when x.latest_at > t then 'planned' else 'expired' end, due_at = t, submitted_at = null,
            reserved = '[]', code = null, parked_owner = null, parked_until = null,
            closed_at = case when x.latest_at > t then null else t end
        where x.id = d.id;
    elsif verdict = 'parked' then
        update deliveries x
        set state = 'parked', parked_owner = coalesce(x.parked_owner, settle_v1.owner), parked_until = settle_v1.ask_at,
            ask_at = settle_v1.ask_at, code = settle_v1.code
        where x.id = d.id;
    else
        update deliveries x set ask_at = settle_v1.ask_at where x.id = d.id;
    end if;
    return true;
end
$$;

-- The same request under the same key once more, where the provider honours keys: it then says what became of the first.
-- Should the first never have arrived, this one is the send, so everything that stops a send stops it too; the tokens are
-- still held. Returns {status: submitted | refused | lost, code, payload}; refused changes nothing.
create function public.repeat_send_v1(id uuid, fence bigint, installation_id uuid, lease_s int, conversation_days int) returns jsonb
language plpgsql
set search_path = public, pg_temp
as $$
declare
    d deliveries;
    o touches;
    code text;
begin
    select * into o from touches x where x.id = repeat_send_v1.id;
    if o.id is not null then perform from leads l where l.id = o.lead_id for no key update; end if;
    select * into d from deliveries x
    where x.id = repeat_send_v1.id and x.fence = repeat_send_v1.fence and x.state in ('unknown', 'parked') for update;
    if d.id is null then return jsonb_build_object('status', 'lost', 'code', null, 'payload', null); end if;
    if o.id is not null then
        if o.purpose = 'prospect' and (
            in_conversation(o.lead_id, conversation_days)
            or exists (select from enrolments e where e.id = o.enrolment_id and (e.state <> 'active' or e.held_out)))
        then code := 'IN_CONVERSATION'; end if;
        -- As a contact it was counted when it was begun.
        if o.purpose = 'prospect' then o.purpose := 'transactional'; end if;
        code := coalesce(last_objection(d, o, repeat_send_v1.installation_id, jsonb_build_object('address', o.address)), code);
        if code is null and channel_rests_until(d.channel, null) is not null then code := 'VENDOR_LIMIT'; end if;
    end if;
    if code is not null then return jsonb_build_object('status', 'refused', 'code', code, 'payload', null); end if;
    update deliveries x
    set state = 'submitted', lease_until = loop_now() + make_interval(secs => lease_s), try = x.try + 1,
        parked_owner = null, parked_until = null
    where x.id = d.id;
    return jsonb_build_object('status', 'submitted', 'code', null, 'payload', d.payload);
end
$$;

-- Until when a channel may not send, or null when it may: its provider asked for a rest, or nobody has listened to it within
-- the last `listen_s` seconds on this server (null: does not matter).
create function public.channel_rests_until(of_channel text, listen_s int) returns timestamptz
language sql stable
set search_path = public, pg_temp
as $$
    select case
        when c.rests_until > loop_now() then c.rests_until
        when listen_s is not null and (c.heard_until >= loop_now() - make_interval(secs => listen_s)
                                       and c.heard_by = pg_postmaster_start_time()) is not true
        then loop_now() + interval '1 minute' end
    from channels c where c.channel = of_channel
$$;

-- The provider asked for a pause: the channel rests in every container, and what is due on it is told until when.
create function public.rest_channel_v1(channel text, until timestamptz, code text) returns int
language plpgsql
set search_path = public, pg_temp
as $$
declare n int;
begin
    update channels c set rests_until = rest_channel_v1.until, rest_code = rest_channel_v1.code
    where c.channel = rest_channel_v1.channel and (c.rests_until > rest_channel_v1.until) is not true;
    update deliveries d
    set code = 'VENDOR_LIMIT', due_at = rest_channel_v1.until
    where d.state = 'planned' and d.kind = 'touch' and d.channel = rest_channel_v1.channel
        and d.due_at <= loop_now() and d.latest_at > rest_channel_v1.until;
    get diagnostics n = row_count;
    return n;
end
$$;

-- The breaker of a channel: a send failed in a way that concerns every send. The channel rests for as long as its provider
-- asked. A first failure may be chance and costs nothing more; from the second in a row on it rests for `first_s`, and twice as
-- long after each, to `longest_s`. What tries the channel then is one touch, since whoever fails stops. Returns until when.
create function public.trip_channel_v1(
    channel text, code text, needs_owner boolean, retry_after_s int, first_s int, longest_s int
) returns timestamptz
language plpgsql
set search_path = public, pg_temp
as $$
declare
    n int;
    until timestamptz;
begin
    update channels c set strikes = c.strikes + 1, struck_at = coalesce(c.struck_at, loop_now()),
        struck_code = trip_channel_v1.code, needs_owner = trip_channel_v1.needs_owner
    where c.channel = trip_channel_v1.channel returning c.strikes into n;
    until := loop_now() + make_interval(secs => greatest(
        retry_after_s, case when n > 1 then least(longest_s, first_s * 2 ^ least(n - 2, 20)) end, 0));
    if until > loop_now() then perform rest_channel_v1(trip_channel_v1.channel, until, trip_channel_v1.code); end if;
    return until;
end
$$;

-- Everything that happened on a channel before `until` is applied.
create function public.heard_v1(channel text, until timestamptz) returns void
language sql
set search_path = public, pg_temp
as $$
    update channels c
    set heard_until = greatest(c.heard_until, heard_v1.until), heard_by = pg_postmaster_start_time(),
        deaf_since = null, deaf_code = null
    where c.channel = heard_v1.channel
$$;

-- A channel could not be listened to.
create function public.deaf_v1(channel text, code text) returns void
language sql
set search_path = public, pg_temp
as $$
    update channels c set deaf_since = coalesce(c.deaf_since, loop_now()), deaf_code = deaf_v1.code
    where c.channel = deaf_v1.channel
$$;

-- Which of these events are not stored so far.
create function public.unheard_v1(provider text, event_keys text[]) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(k order by k), '[]') from unnest(event_keys) k
    where not exists (select from events e where e.provider = unheard_v1.provider and e.event_key = k)
$$;

-- Which of these the ledger does not know as its own.
create function public.unseen_v1(provider text, provider_ids text[]) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(i order by i), '[]') from unnest(provider_ids) i
    where not exists (select from deliveries d where d.provider = unseen_v1.provider and d.provider_id = i)
        and not exists (select from sightings s where s.provider = unseen_v1.provider and s.provider_id = i)
$$;

-- One delivery that its provider has, whatever this ledger believed. A receipt or a webhook that comes after changes nothing.
create function public.adopt(d public.deliveries, seen public.sightings) returns void
language plpgsql
set search_path = public, pg_temp
as $$
begin
    update deliveries x
    set state = 'accepted', provider = seen.provider, provider_id = seen.provider_id, payload = coalesce(x.payload, '{}'),
        submitted_at = coalesce(x.submitted_at, seen.accepted_at), accepted_at = coalesce(x.accepted_at, seen.accepted_at),
        lease_until = null, closed_at = null, code = null, parked_owner = null, parked_until = null
    where x.id = d.id;
    delete from sightings s where s.provider = seen.provider and s.provider_id = seen.provider_id;
end
$$;

-- The delivery that a reference speaks of; a text is told by number and words.
create function public.referred_delivery(seen public.sightings) returns uuid
language sql stable
set search_path = public, pg_temp
as $$
    select case when seen.reference ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
        then (select d.id from deliveries d where d.id = case
            when seen.reference ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then seen.reference::uuid end)
        else (select d.id from deliveries d
              where d.channel = 'sms' and d.state in ('submitted', 'unknown', 'parked')
                  and text_reference(d.payload ->> 'to', d.payload ->> 'body') = seen.reference
                  and d.submitted_at <= seen.accepted_at + interval '5 minutes'
              order by d.submitted_at desc limit 1) end
$$;

-- What a provider shows as taken from us: {provider, provider_id, reference, accepted_at}. What the ledger has as not sent is
-- accepted; what it does not have at all is remembered. Answers adopted | kept | known.
create function public.adopt_v1(sighting jsonb) returns text
language plpgsql
set search_path = public, pg_temp
as $$
declare
    seen sightings := jsonb_populate_record(null::sightings, sighting);
    d deliveries;
begin
    if unseen_v1(seen.provider, array[seen.provider_id]) = '[]' then return 'known'; end if;
    perform from leads l where l.id = (select o.lead_id from touches o where o.id = referred_delivery(seen)) for no key update;
    select * into d from deliveries x where x.id = referred_delivery(seen) for update;
    if d.id is null then
        delete from sightings s where s.accepted_at < loop_now() - interval '30 days';
        insert into sightings values (seen.*) on conflict do nothing;
        return 'kept';
    elsif d.provider_id is not null or d.state = 'finished' then
        return 'known';
    end if;
    perform adopt(d, seen);
    return 'adopted';
end
$$;

-- Calls that should long be over and of which nothing was heard: {id, provider_id, submitted_at}. Held like unknown ones.
create function public.claim_overdue_calls_v1(max_rows int, older_than_s int, hold_s int) returns jsonb
language plpgsql
set search_path = public, pg_temp
as $$
declare
    t timestamptz := loop_now();
    answer jsonb;
begin
    with due as materialized (
        select d.id from deliveries d
        where d.state = 'accepted' and d.channel = 'call' and d.submitted_at <= t - make_interval(secs => older_than_s)
            and (d.ask_at <= t) is not false
        order by d.submitted_at, d.id limit max_rows for update skip locked
    ), held as (
        update deliveries d set ask_at = t + make_interval(secs => hold_s) from due where d.id = due.id returning d.*
    )
    select coalesce(jsonb_agg(jsonb_build_object('id', h.id, 'provider_id', h.provider_id, 'submitted_at', h.submitted_at)
                              order by h.submitted_at, h.id), '[]') into answer from held h;
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
