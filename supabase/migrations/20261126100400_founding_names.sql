-- The names the founders' dashboards read. Views over what stands; nothing writes through them.

create view public.lh_daily_metrics with (security_invoker = true) as
select
    c.day as metric_date,
    round(avg(extract(epoch from d.submitted_at - l.imported_at) / 3600), 2) as avg_response_time_hours,
    count(*) as contacted_count,
    (
        select count(*) from public.leads as n
        where n.imported_at >= c.day and n.imported_at < c.day + 1
    ) as new_leads_count,
    count(*) filter (where 'positive' = any(c.reached) or 'booked' = any(c.reached)) as qualified_count,
    count(*) filter (where 'booked' = any(c.reached)) as booked_count,
    count(*) filter (where 'held' = any(c.reached)) as held_count
from public.first_contacts as c
inner join public.deliveries as d on c.touch_id = d.id
inner join public.touches as o on c.touch_id = o.id
inner join public.leads as l on o.lead_id = l.id
where c.channel = 'any'
group by c.day;

create view public.lh_ab_tests with (security_invoker = true) as
select
    e.id,
    e.name as test_name,
    s.id as skill_id,
    e.claim as hypothesis,
    'the version in force' as control_description,
    e.metric as metric_tracked,
    100 as min_sample_size,
    0.95 as confidence_level,
    e.state as status,
    e.started_at,
    e.ended_at,
    k.control_n as control_sample_size,
    k.treatment_n as treatment_sample_size,
    e.figures,
    e.verdict as recommendation,
    e.reason,
    e.directive_key || ': ' || e.lever as treatment_description,
    e.treatment_share * 100 as traffic_allocation_pct,
    k.control_k::numeric / nullif(k.control_n, 0) as control_conversion_rate,
    k.treatment_k::numeric / nullif(k.treatment_n, 0) as treatment_conversion_rate,
    100 * ((k.treatment_k::numeric / nullif(k.treatment_n, 0)) / nullif(k.control_k::numeric / nullif(k.control_n, 0), 0) - 1)
        as lift_pct,
    case e.verdict when 'DEPLOY' then 'treatment' when 'KILL' then 'control' when 'ROLLBACK' then 'control' end as winner
from public.experiments as e
left join public.skills as s on e.id = s.experiment_id
left join lateral (
    select
        sum(c.matured) filter (where c.arm = 'control') as control_n,
        sum(c.matured_succeeded) filter (where c.arm = 'control') as control_k,
        sum(c.matured) filter (where c.arm = 'treatment') as treatment_n,
        sum(c.matured_succeeded) filter (where c.arm = 'treatment') as treatment_k
    from public.experiment_counts as c
    where c.experiment_id = e.id
) as k on true
where e.kind = 'test';

create view public.lh_spawned_skills with (security_invoker = true) as
select
    s.id,
    s.kind as skill_type,
    s.problem as problem_detected,
    s.metric as target_metric,
    s.baseline_value,
    s.target_value,
    s.state as status,
    s.spawned_at,
    s.decided_at as decision_made_at,
    t.lift_pct as actual_lift_pct,
    s.kind || ' ' || s.id as skill_name
from public.skills as s
inner join public.lh_ab_tests as t on s.experiment_id = t.id;

create view public.lh_pattern_performance with (security_invoker = true) as
select
    p.id,
    p.upto as performance_date,
    p.channel,
    p.metric,
    p.dimension,
    p.level,
    p.ratio,
    p.low,
    p.high,
    p.n as sample_size,
    p.evidence,
    p.found_on,
    p.gone_on,
    null::numeric as avg_f1_score -- replies are read by rules and nobody labels them, so there is no figure to give
from public.patterns as p;

-- Bring a day's figures up to date by hand: yesterday of the database's clock where none is named. Counts the figures that changed.
create function public.lh_update_daily_metrics(of_day date default null) returns int
language sql
set search_path = public, pg_temp
as $$
    select (roll_up_days_v1(coalesce(of_day, (loop_now() at time zone 'UTC')::date - 1),
        '{"sent": 0, "answered": 0, "dm_contact": 0, "conversation": 0, "delivered": 3, "bounced": 3}') ->> 'figures')::int
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
