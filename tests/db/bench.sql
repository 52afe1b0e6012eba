-- A working installation of half a year: 3,000 leads of 1,500 companies, 10,000 touches, 10,000 events.

insert into companies (key, name, industry, created_at)
select 'c' || g, 'Company', 'roofing', loop_now() from generate_series(1, 1500) g;
insert into leads (company_id, email, country, region, zones, source, score, imported_at)
select 1 + g % 1500, 'lead' || g || '@example.com', 'US', 'NY', '{America/New_York}', 'csv', g % 100, loop_now()
from generate_series(1, 3000) g;
insert into phones (number, lead_id, label) select '+1' || 2005550000 + g, g, 'direct' from generate_series(1, 3000) g;
insert into consents (lead_id, channel, address, consent_type, given_on, wording, source, recorded_at)
select id, 'email', email, 'opt_in', '2026-10-01', 'Yes.', 'form', loop_now() from leads;
insert into suppressions (kind, hash, reach, reason, source, created_at)
select 'email', address_hash('gone' || g || '@example.com'), 'person', 'opt_out', 'test', loop_now()
from generate_series(1, 3000) g;
insert into enrolments (lead_id, company_id, playbook, playbook_hash, enrolled_at, enrolled_on)
select id, company_id, 'p', 'h', loop_now() - interval '60 days', loop_now()::date - 60 from leads;
insert into senders (id, channel, address, warmup_started_on)
select 's' || g, 'email', 's' || g || '@mail.example.com', '2026-08-01' from generate_series(1, 20) g;

-- 7,000 done over sixty days, 2,000 due now, 500 to come, 400 sent this hour, 100 whose fate is unknown.
insert into deliveries (id, kind, channel, natural_key, state, due_at, latest_at, created_at, code, payload, provider,
                        provider_id, submitted_at, closed_at)
select md5('b' || g)::uuid, 'touch', (array['email', 'call', 'sms'])[1 + g % 3], 'b' || g, s.state,
       loop_now() + case s.state when 'planned' then g - 9000 else -g end * interval '1 minute',
       loop_now() + interval '20 days', loop_now() - interval '60 days', case s.state when 'planned' then 'HOLIDAY' end,
       '{"text": "Hello"}', 'resend', case when s.state in ('accepted', 'finished') then 'P' || g end,
       case when s.state in ('finished') then loop_now() - g * interval '12 minutes'
            when s.state in ('accepted', 'unknown') then loop_now() - interval '30 minutes' end,
       case s.state when 'finished' then loop_now() - g * interval '12 minutes' end
from generate_series(1, 10000) g,
     lateral (select case when g <= 7000 then 'finished' when g <= 9500 then 'planned' when g <= 9900 then 'accepted'
                     else 'unknown' end as state) s;
insert into touches (id, lead_id, company_id, enrolment_id, step, attempt, purpose, channel, score, day, script_key, zone,
                     region, industry, source, window_closes_at, address, sender_id)
select d.id, l.id, l.company_id, l.id, g / 3000, 1, 'prospect', d.channel, l.score,
       coalesce(d.submitted_at, loop_now())::date, 'scripts/s', l.zones[1], l.region, 'roofing', 'csv',
       loop_now() + interval '3 hours', l.email, 's' || 1 + g % 20
from generate_series(1, 10000) g join deliveries d on d.natural_key = 'b' || g join leads l on l.id = 1 + g % 3000;
update deliveries set accepted_at = submitted_at where state in ('accepted', 'finished');
update touches set delivered_at = loop_now(), disposition = 'delivered' where id in (
    select id from deliveries where state = 'finished' and channel = 'email');
insert into events (provider, event_key, kind, delivery_id, lead_id, occurred_at, received_at, body)
select 'resend', 'e' || o.id, 'test', o.id, o.lead_id, loop_now(), loop_now(), '{}' from touches o;
insert into messages (lead_id, touch_id, channel, direction, reply_class, body, at)
select lead_id, id, channel, 'in', 'question', 'Words.', loop_now() from touches where lead_id % 10 = 0;
insert into cap_usage (scope, bucket, used)
select 'sender:s' || g, (loop_now()::date - d)::text, 10 from generate_series(1, 20) g, generate_series(0, 60) d;
