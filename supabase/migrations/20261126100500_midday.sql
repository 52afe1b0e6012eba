-- Midday: what the morning showed moves segments up or down in the afternoon's queue, and nothing else.

-- Points on top of the score, for this one touch; the score itself stays what the lead earned.
alter table public.touches add column lift int not null default 0;

create or replace function public.place_of(o public.touches) returns bigint[]
language sql immutable
set search_path = public, pg_temp
as $$
    select array[(o.purpose = 'prospect')::int, -coalesce(o.random_place, o.score + o.lift),
                 coalesce(extract(epoch from o.window_closes_at)::bigint, 9223372036854775807), o.lead_id, o.step]
$$;
create or replace trigger touches_have_their_place after insert or update of purpose, score, window_closes_at, lift
on public.touches
for each row execute function public.note_place();

-- Give what is planned up to `until` on a channel its points: rows {dimension, level, points}, those of a touch added up. Whatever carries
-- a text or a sequence under test keeps its place, and so does what is being sent this moment. Counts what moved.
create function public.reorder_v1(channel text, until timestamptz, lifts jsonb) returns int
language plpgsql
set search_path = public, pg_temp
as $$
declare n int;
begin
    with free as materialized (
        select d.id from deliveries d
        where d.state = 'planned' and d.kind = 'touch' and d.channel = reorder_v1.channel and d.due_at < until
        order by d.id for update skip locked
    ), lifted as (
        select o.id, coalesce(sum(x.points), 0)::int as points
        from free f join touches o on o.id = f.id left join enrolments e on e.id = o.enrolment_id
        left join jsonb_to_recordset(lifts) x (dimension text, level text, points int)
        on x.level = case x.dimension when 'region' then o.region when 'industry' then o.industry when 'source' then o.source
                                      when 'size' then o.size end
        where o.purpose = 'prospect' and not exists (
            select from experiments t where t.state in ('running', 'suspended')
                and t.directive_key in (o.script_key, split_part(e.playbook, '@', 1)))
        group by o.id
    )
    update touches o set lift = l.points from lifted l where o.id = l.id and o.lift <> l.points;
    get diagnostics n = row_count;
    return n;
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
