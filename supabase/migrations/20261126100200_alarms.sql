-- Alarms: a rate that left its baseline, and channels that fell silent; kept until somebody answers.

create table public.alarms (
    id bigint generated always as identity primary key,
    day date not null,
    kind text not null,
    channel text not null,
    metric text not null,
    cause text not null,
    words text not null,
    figures jsonb not null,
    evidence text not null,
    raised_at timestamptz not null,
    answered_at timestamptz,
    answered_by text,
    constraint an_alarm_is_of_a_known_kind check (kind in ('fewer', 'more', 'silent')),
    constraint an_alarm_has_a_known_cause check (cause in ('rate', 'mix', 'instrument', 'script', 'unknown')),
    constraint an_alarm_is_raised_once_a_day unique (day, kind, channel, metric),
    constraint an_answer_says_whose_it_is check ((answered_at is null) = (answered_by is null))
);
create index alarms_unanswered on public.alarms (channel, metric) where answered_at is null;

-- Rows {day, kind, channel, metric, cause, words, figures, evidence}. What was raised within `quiet_days` is not raised again.
-- Counts those that are new.
create function public.raise_alarms_v1(alarms jsonb, quiet_days int) returns int
language plpgsql
set search_path = public, pg_temp
as $$
declare n int;
begin
    insert into alarms (day, kind, channel, metric, cause, words, figures, evidence, raised_at)
    select x.day, x.kind, x.channel, x.metric, x.cause, x.words, x.figures, x.evidence, loop_now()
    from jsonb_to_recordset(raise_alarms_v1.alarms) x (
        day date, kind text, channel text, metric text, cause text, words text, figures jsonb, evidence text)
    where not exists (select from alarms a where a.kind = x.kind and a.channel = x.channel and a.metric = x.metric
                      and a.day <> x.day and abs(a.day - x.day) < quiet_days)
    on conflict on constraint an_alarm_is_raised_once_a_day do nothing;
    get diagnostics n = row_count;
    return n;
end
$$;

create function public.alarms_v1(since date, upto date, max_rows int) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(to_jsonb(x) order by x.day desc, x.id desc), '[]') from (
        select a.* from alarms a where a.day between since and upto order by a.day desc, a.id desc limit max_rows) x
$$;

-- Take the oldest alarm of this metric that nobody has answered, once: whoever comes second finds none.
create function public.answer_alarm_v1(channel text, metric text, actor text) returns jsonb
language plpgsql
set search_path = public, pg_temp
as $$
declare a alarms;
begin
    update alarms x set answered_at = loop_now(), answered_by = actor
    where x.id = (select y.id from alarms y where y.channel = answer_alarm_v1.channel and y.metric = answer_alarm_v1.metric
                  and y.answered_at is null order by y.id limit 1 for update skip locked)
    returning * into a;
    return case when a.id is null then null else to_jsonb(a) end;
end
$$;

-- Keys of what outcomes are read with (prompts, fixed sentences) that changed in these days: an instrument, not a performance.
create function public.instruments_changed_v1(since timestamptz, upto timestamptz) returns text[]
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(array_agg(distinct g.subject order by g.subject), '{}') from evolution_log g
    where g.changed_at >= since and g.changed_at < upto and g.before is not null
        and (g.subject like 'prompts/%' or g.subject = 'compliance')
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
