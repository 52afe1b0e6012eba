-- Fewer and smaller answers where a stage asks on each of its runs.

-- As before, and `now`: every run needs both, so they are one question.
create or replace function public.live_status_v1(installation_id uuid) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select jsonb_build_object(
        'now', loop_now(), 'on', c.live, 'installation_id', c.installation_id, 'app', c.app,
        'installation_matches', c.installation_id is not distinct from live_status_v1.installation_id,
        'database_matches', c.database_id is not distinct from database_identity(),
        'may_send', c.live and c.installation_id = live_status_v1.installation_id
            and c.database_id = database_identity(),
        'kill_switch', c.kill_switch, 'kill_switch_reason', c.kill_switch_reason,
        'in_flight_at_switch', c.in_flight_at_switch)
    from controls c
$$;

-- The heads in force, and a mark that stands for exactly them; without their text where the asker has them already.
create function public.directive_heads_v2(known_mark text default null) returns jsonb
language plpgsql stable
set search_path = public, pg_temp
as $$
declare
    mark text := (
        select md5(coalesce(string_agg(concat_ws('|', h.key, h.content_hash, h.revision, h.set_by), ',' order by h.key), '')
                   || coalesce((select s.value::text from settings s where s.key = 'seeded_release'), ''))
        from directive_heads h);
begin
    return jsonb_build_object('mark', mark, 'found', case when mark is distinct from known_mark then directive_heads_v1() end);
end
$$;

-- Every claim of a slot asks who runs: a handful of rows in a ledger that grows by a thousand a day.
create index stage_runs_running on public.stage_runs (stage) where state = 'running';
-- The sends of an hour, of any state since.
create index touches_by_submission on public.deliveries (submitted_at) where kind = 'touch';

-- Of these deliveries to the owner, those that are out or given up: there is nothing left to send.
create function public.settled_deliveries_v1(natural_keys text[]) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(d.natural_key order by d.natural_key), '[]') from deliveries d
    where d.natural_key = any(natural_keys) and d.state not in ('planned', 'leased', 'submitted', 'unknown')
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
