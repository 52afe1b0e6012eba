-- Call timing: which calls had their hour drawn, what came of them by hour, and when the loop began to believe it.

-- The hour of the person's own clock at which a draw put this call; null for calls that go out as soon as they may.
alter table public.touches add column drawn_hour int;
alter table public.touches add constraint a_drawn_hour_is_an_hour check (drawn_hour between 0 and 23);
create index touches_with_a_drawn_hour on public.touches (day) where drawn_hour is not null;

-- Planned touches, and those refused at once because no waiting would help. The same intent again changes nothing.
create or replace function public.plan_touches_v1(installation_id uuid, touches jsonb) returns jsonb
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
                             window_closes_at, zone, region, industry, source, script_key, playbook_hash, address, drawn_hour,
                             random_place)
        select new_id, l.id, l.company_id, (r ->> 'enrolment_id')::bigint, (r ->> 'step')::int, (r ->> 'attempt')::int,
               r ->> 'purpose', r ->> 'channel', l.score, (r ->> 'day')::date, (r ->> 'window_closes_at')::timestamptz,
               l.zones[1], l.region, c.industry, l.source, r ->> 'script_key', r ->> 'playbook_hash', null,
               (r ->> 'drawn_hour')::int, (r ->> 'random_place')::int
        from leads l left join companies c on c.id = l.company_id where l.id = (r ->> 'lead_id')::bigint;
        if (r ->> 'refused')::boolean then refused := refused + 1; else planned := planned + 1; end if;
    end loop;
    return jsonb_build_object('planned', planned, 'refused', refused);
end
$$;

-- Calls of these days by the zone and the hour that was drawn, sent then or later, and those that a person answered.
create function public.drawn_calls_v1(since date, upto date) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(to_jsonb(x) order by x.zone, x.hour), '[]') from (
        select coalesce(o.zone, '') as zone, o.drawn_hour as hour, count(*) as calls, count(o.answered_at) as answered
        from touches o join deliveries d on d.id = o.id
        where o.drawn_hour is not null and o.day between since and upto and d.accepted_at is not null
        group by 1, 2) x
$$;

-- Write down that the hours are believed, or no longer; once for each change. Returns whether it is one.
create function public.note_call_timing_v1(believed boolean, figures jsonb) returns boolean
language plpgsql
set search_path = public, pg_temp
as $$
declare before jsonb;
begin
    perform pg_advisory_xact_lock(hashtextextended('call_timing', 0));
    select c.after into before from evolution_log c where c.subject = 'call_timing' order by c.id desc limit 1;
    if coalesce((before ->> 'believed')::boolean, false) = believed then return false; end if;
    perform note_change('call_timing', case when believed then 'calls go out at the better hours' else 'calls go out at any hour' end,
                        before, jsonb_build_object('believed', believed), figures, 'loop', null);
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
