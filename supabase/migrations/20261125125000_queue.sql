-- The queue: what is claimed first is read off an index, however long the queue is; and an old transaction is seen.

-- A touch's place among those that are due: answers before the sequence, then score, how soon its window closes,
-- who, and which step. Kept in the delivery, since an index knows one table only; by the database, so that no caller
-- can forget it.
alter table public.deliveries add column place bigint[], add column window_closes_at timestamptz;

create function public.place_of(o public.touches) returns bigint[]
language sql immutable
set search_path = public, pg_temp
as $$
    select array[(o.purpose = 'prospect')::int, -o.score,
                 coalesce(extract(epoch from o.window_closes_at)::bigint, 9223372036854775807), o.lead_id, o.step]
$$;

create function public.note_place() returns trigger
language plpgsql
set search_path = public, pg_temp
as $$
begin
    update deliveries d set place = place_of(new), window_closes_at = new.window_closes_at
    where d.id = new.id and d.place is distinct from place_of(new);
    return new;
end
$$;
create trigger touches_have_their_place after insert or update of purpose, score, window_closes_at on public.touches
for each row execute function public.note_place();

update public.deliveries d
set place = place_of(o), window_closes_at = o.window_closes_at
from public.touches as o
where o.id = d.id;
create index deliveries_in_place on public.deliveries (channel, place) where state = 'planned' and kind = 'touch';
create index deliveries_closing on public.deliveries (channel, window_closes_at) where state = 'planned' and kind = 'touch';

-- Lock what is due on one channel, of what nobody else holds: what closes by `soon` first, then the best. Of what closes
-- the next thousand are compared, so that a claim costs the same when a hundred thousand do. Each CTE is a fence: a LIMIT
-- in a sub-query may be planned as a nested loop and then lock more rows than the limit. Planned anew each time, since
-- how many rows are due decides which index serves; and in a function of its own, so that this does not hold for the
-- questions asked about each row.
create function public.lock_due(of_channel text, t timestamptz, soon timestamptz, max_rows int) returns uuid[]
language plpgsql
set search_path = public, pg_temp
set plan_cache_mode = force_custom_plan
as $$
begin
    return array(
        with closing_next as materialized (
            select d.id from deliveries d
            where d.state = 'planned' and d.kind = 'touch' and d.channel = of_channel
                and d.due_at <= t and d.latest_at > t and d.window_closes_at <= soon
            order by d.window_closes_at
            limit 1000 + max_rows
        ), closing as materialized (
            select d.id from deliveries d
            where d.id = any(array(select id from closing_next)) and d.state = 'planned'
            order by d.place
            limit max_rows
            for update of d skip locked
        ), others as materialized (
            select d.id from deliveries d
            where d.state = 'planned' and d.kind = 'touch' and d.channel = of_channel
                and d.due_at <= t and d.latest_at > t and (d.window_closes_at > soon or d.window_closes_at is null)
            order by d.place
            limit max_rows - (select count(*) from closing)
            for update of d skip locked
        )
        select id from closing union all select id from others);
end
$$;

create or replace function public.claim_due_v1(channel text, max_rows int, lease_s int, conversation_days int) returns jsonb
language plpgsql
set search_path = public, pg_temp
as $$
declare
    t timestamptz := loop_now();
    soon timestamptz := t + interval '1 hour';
    due uuid[] := lock_due(channel, t, soon, max_rows);
    answer jsonb;
begin
    with claimed as (
        update deliveries d
        set state = 'leased', lease_until = t + make_interval(secs => lease_s), fence = nextval('fences')
        where d.id = any(due)
        returning d.id, d.fence, d.latest_at, d.try, d.code, d.place, d.window_closes_at
    )
    select coalesce(jsonb_agg(jsonb_build_object(
        'id', c.id, 'fence', c.fence, 'latest_at', c.latest_at, 'try_no', c.try, 'code', c.code,
        'channel', o.channel, 'purpose', o.purpose, 'step', o.step, 'attempt', o.attempt, 'script_key', o.script_key,
        'enrolment_id', o.enrolment_id, 'held_out', coalesce(e.held_out, false), 'day', o.day,
        'lead', lead_facts(o.lead_id, conversation_days))
        order by coalesce(c.window_closes_at <= soon, false) desc, c.place), '[]')
    into answer
    from claimed c join touches o on o.id = c.id left join enrolments e on e.id = o.enrolment_id;
    return answer;
end
$$;

-- How long the oldest transaction of this database has been open, in seconds of the server's own clock; while it is, no
-- dead row can be cleared away, and a queue slows to a tenth. Returns {age_s, hidden}: age_s null when nothing is open,
-- hidden the sessions that may not be looked into. It runs as its owner, since nobody else may see others' sessions.
create function public.oldest_transaction_v1() returns jsonb
language sql stable security definer
set search_path = public, pg_temp
as $$
    select jsonb_build_object(
        'age_s', (select extract(epoch from clock_timestamp() - min(x.since))::int from (
            select a.xact_start as since from pg_stat_activity a
            where a.datname = current_database() and a.pid <> pg_backend_pid() and a.backend_type = 'client backend'
            union all
            select p.prepared from pg_prepared_xacts p where p.database = current_database()) x),
        'hidden', (select count(*) from pg_stat_activity a
                   where a.datname = current_database() and a.backend_type is null))
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
