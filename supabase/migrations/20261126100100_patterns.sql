-- Patterns: which segments differ, kept while they do.

create table public.patterns (
    id bigint generated always as identity primary key,
    channel text not null,
    metric text not null,
    dimension text not null,
    level text not null,
    ratio numeric not null,
    low numeric not null,
    high numeric not null,
    p_value double precision not null,
    n int not null,
    k int not null,
    evidence text not null,
    since date not null,
    upto date not null,
    found_on date not null,
    gone_on date,
    constraint a_pattern_has_the_question_that_gives_it check (evidence <> ''),
    constraint a_ratio_lies_in_its_interval check (ratio between low and high)
);
create unique index a_pattern_stands_once on public.patterns (channel, metric, dimension, level) where gone_on is null;

-- What holds on `day`, as of its own figures; what stood and is not among it is gone from that day on. Counts those that are new.
create function public.keep_patterns_v1(standing jsonb, day date) returns int
language plpgsql
set search_path = public, pg_temp
as $$
declare n int;
begin
    update patterns p set gone_on = keep_patterns_v1.day
    where p.gone_on is null and not exists (
        select from jsonb_to_recordset(standing) x (channel text, metric text, dimension text, level text)
        where (x.channel, x.metric, x.dimension, x.level) = (p.channel, p.metric, p.dimension, p.level));
    with kept as (
        insert into patterns as p (channel, metric, dimension, level, ratio, low, high, p_value, n, k, evidence, since, upto, found_on)
        select x.channel, x.metric, x.dimension, x.level, x.ratio, x.low, x.high, x.p_value, x.n, x.k, x.evidence, x.since, x.upto,
               keep_patterns_v1.day
        from jsonb_to_recordset(standing) x (
            channel text, metric text, dimension text, level text, ratio numeric, low numeric, high numeric,
            p_value double precision, n int, k int, evidence text, since date, upto date)
        on conflict (channel, metric, dimension, level) where gone_on is null do update
        set ratio = excluded.ratio, low = excluded.low, high = excluded.high, p_value = excluded.p_value, n = excluded.n,
            k = excluded.k, evidence = excluded.evidence, since = excluded.since, upto = excluded.upto
        returning (p.xmax = 0) as is_new
    )
    select count(*) into n from kept where is_new;
    return n;
end
$$;

create function public.patterns_v1(since date, upto date, after_id bigint, max_rows int) returns jsonb
language sql stable
set search_path = public, pg_temp
as $$
    select coalesce(jsonb_agg(to_jsonb(x) order by x.id), '[]') from (
        select p.* from patterns p
        where p.found_on <= patterns_v1.upto and coalesce(p.gone_on > patterns_v1.since, true) and p.id > after_id
        order by p.id limit max_rows) x
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
