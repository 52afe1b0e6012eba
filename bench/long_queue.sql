-- $ROWS leads of as many companies, each with an email due now; every fifth window closes within the hour.

insert into companies (key, name, created_at) select 'c' || g, 'Company', loop_now() from generate_series(1, $ROWS) g;
insert into leads (company_id, email, country, region, zones, source, score, imported_at)
select g, 'lead' || g || '@example.com', 'US', 'NY', '{America/New_York}', 'csv', g * 7919 % 101, loop_now()
from generate_series(1, $ROWS) g;
insert into enrolments (lead_id, company_id, playbook, playbook_hash, enrolled_at, enrolled_on)
select g, g, 'playbooks/cold', 'p1', loop_now(), loop_now()::date from generate_series(1, $ROWS) g;
insert into touches (id, lead_id, company_id, enrolment_id, step, attempt, purpose, channel, score, day, script_key,
                     window_closes_at)
select md5('q' || g)::uuid, g, g, g, 1, 1, 'prospect', 'email', g * 7919 % 101, loop_now()::date,
       'scripts/email_first', loop_now() + case g % 5 when 0 then interval '30 minutes' else interval '4 hours' end
from generate_series(1, $ROWS) g;
insert into deliveries (id, kind, channel, natural_key, state, due_at, latest_at, created_at, place, window_closes_at)
select o.id, 'touch', o.channel, 'q' || o.lead_id, 'planned', loop_now() - (o.lead_id % 60) * interval '1 minute',
       loop_now() + interval '7 days', loop_now(), place_of(o), o.window_closes_at
from touches o;
