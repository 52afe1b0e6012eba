-- Missed calls among the hot leads.

-- Somebody who called and reached nobody waits for the owner like one who wrote.
-- Everything that asks for the owner's answer and was not dealt with: {trigger, lead, touch, channel, wish, words, at}.
-- Whoever opted out and then booked wants that meeting, and nothing else.
create or replace function public.hot_triggers(since timestamptz)
returns table (key text, lead_id bigint, touch_id uuid, channel text, wish text, words text, at timestamptz)
language sql stable
set search_path = public, pg_temp
as $$
    select x.key, x.lead_id, x.touch_id, x.channel, x.wish, x.words, x.at from (
        select 'message:' || m.id as key, m.lead_id, m.touch_id, m.channel, m.reply_class as wish, m.body as words, m.at
        from messages m
        where m.direction = 'in' and m.handled_at is null and m.at >= since
            and m.reply_class in ('positive', 'question', 'callback', 'missed_call')
        union all
        select 'callback:' || o.id, o.lead_id, o.id, o.channel, o.disposition, call_words(o.id), d.closed_at
        from touches o join deliveries d on d.id = o.id
        where o.disposition = 'callback' and d.closed_at >= since
        union all
        select 'meeting:' || m.id, m.lead_id, m.touch_id, coalesce(o.channel, 'email'), 'meeting', call_words(o.id), m.booked_at
        from meetings m left join touches o on o.id = m.touch_id
        where m.state = 'booked' and m.booked_at >= since and coalesce(m.starts_at > loop_now(), true)) x
    left join conversations c on c.lead_id = x.lead_id
    where (c.handled_at is null or x.at > c.handled_at)
        and (x.wish = 'meeting' or not is_suppressed(x.lead_id))
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
