-- Once more: whoever went through a sequence enters another one only by the owner's word, and is counted anew from then.

alter table public.enrolments add column again_at timestamptz, add column again_by text;
alter table public.enrolments add constraint only_what_is_over_is_begun_again
check (again_at is null or state in ('stopped', 'finished'));
alter table public.enrolments add constraint another_sequence_names_who_allowed_it check ((again_at is null) = (again_by is null));

-- How often this person was contacted; the total since the owner last allowed another sequence. What is in flight counts: it may
-- have reached them.
create or replace function public.contacts_of(of_lead_id bigint)
returns table (last_24h int, last_7d int, total int, last_at timestamptz)
language sql stable
set search_path = public, pg_temp
as $$
    select count(*) filter (where d.submitted_at > loop_now() - interval '24 hours')::int,
           count(*) filter (where d.submitted_at > loop_now() - interval '7 days')::int,
           count(*) filter (where d.submitted_at > coalesce(
               (select max(e.again_at) from enrolments e where e.lead_id = of_lead_id), '-infinity'))::int,
           max(d.submitted_at)
    from touches t join deliveries d on d.id = t.id
    where t.lead_id = of_lead_id and t.purpose = 'prospect'
        and d.state in ('submitted', 'accepted', 'finished', 'unknown', 'parked')
$$;

-- Leads that the planner may look at: a page of those with no open touch and no closed door, and not at rest. A sequence after
-- which the owner allowed another one is as if it had not been.
create or replace function public.plan_candidates_v1(
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
            from enrolments e where e.lead_id = l.id and e.again_at is null order by e.id desc limit 1)) as facts
        from leads l
        where l.id > after_id and l.erased_at is null and l.at_rest_since is null
            and not exists (select from enrolments e
                            where e.lead_id = l.id and e.state in ('stopped', 'finished') and e.again_at is null)
            and not exists (select from touches t join deliveries d on d.id = t.id
                            where t.lead_id = l.id and d.state in ('planned', 'leased', 'submitted', 'unknown', 'parked'))
            and not exists (select from enrolments e where e.lead_id = l.id and e.state = 'paused' and e.paused_until > today)
        order by l.id limit max_rows) x
$$;

-- The owner wants this person to go through a sequence once more; their own conversation is over with that. Returns allowed, or
-- why not: unknown | suppressed | running (a sequence goes on) | new (there was none) | in_conversation (a colleague talks to
-- us, or a meeting is to come). The same word again changes nothing.
create function public.allow_again_v1(lead_id bigint, conversation_days int, actor text) returns text
language plpgsql
set search_path = public, pg_temp
as $$
declare last_one enrolments;
begin
    perform from leads l where l.id = allow_again_v1.lead_id and l.erased_at is null for no key update;
    if not found then return 'unknown'; end if;
    if is_suppressed(allow_again_v1.lead_id) then return 'suppressed'; end if;
    select * into last_one from enrolments e where e.lead_id = allow_again_v1.lead_id order by e.id desc limit 1;
    if last_one.id is null then return 'new'; end if;
    if last_one.state in ('active', 'paused') then return 'running'; end if;
    perform close_conversation_v1(allow_again_v1.lead_id);
    if in_conversation(allow_again_v1.lead_id, conversation_days) then return 'in_conversation'; end if;
    update enrolments e set again_at = loop_now(), again_by = actor
    where e.lead_id = allow_again_v1.lead_id and e.state in ('stopped', 'finished') and e.again_at is null;
    return 'allowed';
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
