-- 2,500 of everything that a verb of the state library lists.
-- Leads 1 to 2,500 are free to be planned; each of the rest has a touch that is due and one whose fate is unknown.

insert into companies (key, name, created_at) select 'c' || g, 'Company', loop_now() from generate_series(1, 2500) g;
insert into leads (company_id, email, country, zones, source, imported_at)
select 1 + (g - 1) % 2500, 'lead' || g || '@example.com', 'US', '{UTC}', 'csv', loop_now()
from generate_series(1, 5000) g;
insert into phones (number, lead_id, label) select '+1' || 2005550000 + g, g, 'direct' from generate_series(1, 2500) g;

insert into deliveries (id, kind, channel, natural_key, state, due_at, latest_at, created_at, code)
select md5('p' || g)::uuid, 'touch', 'email', 'p' || g, 'planned', loop_now(), '2030-01-01', loop_now(), 'CODE' || g
from generate_series(1, 2500) g;
insert into deliveries (id, kind, channel, natural_key, state, due_at, latest_at, created_at, payload, submitted_at)
select md5('u' || g)::uuid, 'touch', 'c' || g, 'u' || g, 'unknown', loop_now(), '2030-01-01', loop_now(), '{}', loop_now()
from generate_series(1, 2500) g;
insert into touches (id, lead_id, step, attempt, purpose, channel, score, day, script_key, zone, window_closes_at,
                     disposition)
select d.id, 2500 + substr(d.natural_key, 2)::int, 1, 1, 'prospect', d.channel, 0, loop_now()::date, 's',
       'Zone/' || d.natural_key, '2030-01-01', case d.state when 'unknown' then d.natural_key end
from deliveries d;

insert into messages (lead_id, channel, direction, reply_class, at)
select g, 'email', 'in', 'question', loop_now() from generate_series(1, 2500) g;
insert into meetings (lead_id, booked_at, starts_at)
select g, loop_now(), loop_now() + g * interval '1 hour' from generate_series(1, 2500) g;
insert into touch_rollups
select loop_now()::date, 'email', 'm' || g, 1, '', '', '', '', '', '', 1 from generate_series(1, 2500) g;
insert into settings (key, value, updated_by) select 'k' || g, '1', 'owner' from generate_series(1, 2500) g;
insert into stage_runs (stage, slot, state, worker, fence, lease_until, started_at, finished_at)
select 'stage' || g, loop_now(), 'ok', 'w', 1, loop_now(), loop_now(), loop_now() from generate_series(1, 2500) g
union all
select 'one', loop_now() - g * interval '1 hour', 'ok', 'w', 1, loop_now(), loop_now(), loop_now()
from generate_series(1, 2500) g;
insert into directive_versions
select 'd' || g, 'h', 'x', 'x', 'owner', loop_now() from generate_series(1, 2500) g;
insert into directive_heads select 'd' || g, 'h', 1, 'h', loop_now(), 'owner' from generate_series(1, 2500) g;
insert into senders (id, channel, address, warmup_started_on)
select 's' || g, 'email', 'a' || g, loop_now()::date from generate_series(1, 2500) g;
