-- Missed calls: whoever called and reached nobody.

-- Somebody called us and nobody answered: they hear from us in writing, once a day, and the owner reads of it.
create function public.answer_missed_call(
    of_lead_id bigint, of_company_id bigint, of_touch_id uuid, of_event_id bigint, e jsonb
) returns void
language plpgsql
set search_path = public, pg_temp
as $$
declare
    t timestamptz := (e ->> 'occurred_at')::timestamptz;
    by_channel text := written_channel(of_lead_id, true);
begin
    insert into messages (lead_id, touch_id, event_id, channel, direction, reply_class, at, address)
    values (of_lead_id, of_touch_id, of_event_id, 'call', 'in', 'missed_call', t, e ->> 'from_address');
    perform note_conversation(of_lead_id, of_company_id, t);
    perform stop_sequences(of_lead_id, of_company_id, 'replied');
    if by_channel is not null then
        perform plan_answer(of_lead_id, 'reply', by_channel, format('scripts/%s_missed_call', by_channel),
                            'missed:' || t::date, of_event_id, t, t + interval '1 day');
    end if;
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
