-- Take a slot, as before; it also says how the run before ended: the one of the newest earlier slot, or the one that died in
-- this slot. Whoever comes next is the first to know that a run died, or that a slot stayed empty.
create or replace function public.claim_slot_v1(
    stage text, slot timestamptz, lease_s int, worker text, by_hand boolean default false, force boolean default false
) returns jsonb
language plpgsql
set search_path = public, pg_temp
as $$
declare
    t timestamptz := loop_now();
    last stage_runs;
    before stage_runs;
    mine stage_runs;
begin
    perform pg_advisory_xact_lock(hashtextextended('stage:' || claim_slot_v1.stage, 0));
    if exists (select from stage_runs r where r.stage = claim_slot_v1.stage and r.state = 'running' and r.lease_until > t) then
        return jsonb_build_object('won', false, 'status', 'running', 'run_id', null, 'run_no', null, 'fence', null);
    end if;
    select * into last from stage_runs r
    where r.stage = claim_slot_v1.stage and r.slot = claim_slot_v1.slot order by r.run_no desc limit 1;
    if last.id is not null and last.state in ('running', 'failed') and not force then
        before := last;
        update stage_runs r
        set state = 'running', finished_at = null, fence = nextval('fences'), worker = claim_slot_v1.worker,
            by_hand = claim_slot_v1.by_hand, lease_until = t + make_interval(secs => lease_s), started_at = t
        where r.id = last.id returning * into mine;
    elsif last.id is null or force then
        select * into before from stage_runs r
        where r.stage = claim_slot_v1.stage and r.slot < claim_slot_v1.slot order by r.slot desc, r.run_no desc limit 1;
        insert into stage_runs (stage, slot, run_no, state, by_hand, worker, fence, lease_until, started_at)
        values (claim_slot_v1.stage, claim_slot_v1.slot, coalesce(last.run_no + 1, 0), 'running', claim_slot_v1.by_hand,
                claim_slot_v1.worker, nextval('fences'), t + make_interval(secs => lease_s), t)
        returning * into mine;
    else
        return jsonb_build_object('won', false, 'status', 'done', 'run_id', last.id, 'run_no', last.run_no, 'fence', null);
    end if;
    return jsonb_build_object(
        'won', true, 'status', 'won', 'run_id', mine.id, 'run_no', mine.run_no, 'fence', mine.fence,
        'before', case when before.id is not null then jsonb_build_object('slot', before.slot, 'state', before.state) end);
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
