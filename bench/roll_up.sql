-- $TOUCHES touches, $A_DAY a day up to and with $LAST, three to a company; with what is counted from them. Triggers rest:
-- the counts are written once, as they would have grown.

set session_replication_role = replica;
insert into companies (key, name, industry, employees, created_at)
select 'c' || g, 'Company', (array['roofing', 'hvac', 'dental', 'law', 'gym', 'plumbing'])[1 + g % 6], 3 + g % 400, now()
from generate_series(1, $TOUCHES / 3 + 1) g;
insert into leads (company_id, email, country, region, zones, source, score, imported_at)
select g, 'lead' || g || '@example.com', 'US', (array['NY', 'CA', 'TX', 'FL', 'AZ', 'IL', 'OH', 'WA'])[1 + g / 7 % 8],
       '{America/New_York}', (array['csv', 'apollo', 'ghl'])[1 + g / 11 % 3], 50, now()
from generate_series(1, $TOUCHES / 3 + 1) g;
insert into deliveries (id, kind, channel, natural_key, state, due_at, latest_at, created_at, accepted_at, payload)
select md5('t' || g)::uuid, 'touch', case when g % 5 < 3 then 'call' else 'email' end, 't' || g, 'finished', now(), now(), now(),
       now(), '{}'
from generate_series(1, $TOUCHES) g;
insert into touches (id, lead_id, company_id, step, attempt, purpose, channel, score, day, zone, region, industry, source, size,
                     hour, script_key, script_hash, answered_at, dm_contact_at, booked_at)
select d.id, l.id, c.id, 1 + g % 3, 1, 'prospect', d.channel, 50, '$LAST'::date - ($TOUCHES - g) / $A_DAY, l.zones[1], l.region,
       c.industry, l.source, size_band(c.employees), 9 + g / 13 % 8, 'scripts/' || d.channel || g % 2, 'h' || g % 4,
       case when g % 6 = 0 then now() end, case when g % 12 = 0 then now() end, case when g % 60 = 0 then now() end
from generate_series(1, $TOUCHES) g
join deliveries d on d.id = md5('t' || g)::uuid join companies c on c.id = 1 + g / 3 join leads l on l.id = c.id;
insert into touch_rollups (day, channel, metric, hour, zone, region, industry, source, script_key, script_hash, arm, size, n)
select o.day, o.channel, m.metric, o.hour, o.zone, o.region, o.industry, o.source, o.script_key, o.script_hash, '', o.size, count(*)
from touches o, unnest(array['sent'] || reached_by(o)) m(metric) group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12 order by 1;
insert into first_contacts
select * from (
    select distinct on (o.company_id, x.channel) 'company:' || o.company_id, x.channel, o.id, o.day, o.hour, o.zone, o.region,
           o.industry, o.source, o.script_key, o.script_hash, o.arm, o.size, array['sent'] || reached_by(o), array['sent'] || reached_by(o)
    from touches o, unnest(array['any', o.channel]) x(channel) order by o.company_id, x.channel, o.day, o.step) f
order by f.day;
set session_replication_role = default;
