-- One statement for each rule of the schema that somebody wrote, named by the rule it breaks.

-- there_is_one_row_of_controls
insert into controls (only_row) values (false);

-- live_names_the_installation_and_its_database
update controls set app = null;

-- a_call_ends_in_a_known_way
update model_calls set outcome = 'x';

-- only_an_answered_call_has_an_answer
update model_calls set outcome = 'refused', answer = '{}';

-- a_call_costs_something_or_nothing
update model_calls set cost_usd = -1;

-- a_slot_is_run_once
insert into stage_runs (stage, slot, state, worker, fence, lease_until, started_at) select stage, slot,
    state, worker, fence, lease_until, started_at from stage_runs;

-- a_run_is_in_a_known_state
update stage_runs set state = 'x', finished_at = now();

-- what_ended_has_an_end
update stage_runs set state = 'ok';

-- a_failure_says_why
update stage_runs set state = 'failed', finished_at = now();

-- a_company_is_known_once
insert into companies (key, name, created_at) values ('firm0.example', 'x', now());

-- an_address_belongs_to_one_lead
insert into leads (email, source, imported_at) values ('lead0@example.com', 'x', now());

-- addresses_are_stored_in_lower_case
update leads set email = 'X@example.com';

-- a_score_is_0_to_100
update leads set score = 101;

-- a_priority_is_a_known_word
update leads set priority = 'x';

-- numbers_are_e164
update phones set number = '555-0100';

-- a_label_is_a_known_word
update phones set label = 'x';

-- a_line_type_has_its_look_up
update phones set line_type = 'mobile';

-- consent_is_for_one_channel
update consents set channel = 'fax';

-- consent_is_of_a_known_type
update consents set consent_type = 'x';

-- the_same_consent_is_recorded_once
insert into consents (lead_id, channel, address, consent_type, given_on, wording, source, recorded_at)
    select lead_id, channel, address, consent_type, given_on, wording, source, now() from consents;

-- a_suppression_reaches_a_person_or_one_address
insert into suppressions (kind, hash, reach, reason, source, created_at) values ('phone', 'h', 'x', 'r',
    's', now());

-- an_address_is_suppressed_once
insert into suppressions (kind, hash, reach, reason, source, created_at) values ('phone', 'h', 'person',
    'r', 's', now()), ('phone', 'h', 'person', 'r', 's', now());

-- a_suppression_is_of_a_phone_or_an_email
insert into suppressions (kind, hash, reach, reason, source, created_at) values ('fax', 'h', 'person',
    'r', 's', now());

-- a_line_of_a_file_is_kept_aside_once
insert into import_rejects (file_hash, line, reason, row_data, rejected_at) values ('f', 2, 'x', '{}',
    now()), ('f', 2, 'x', '{}', now());

-- an_author_is_the_owner_or_the_loop
insert into directive_versions values ('k', 'other', 'x', 'x', 'somebody', now());

-- a_head_is_a_version
update directive_heads set content_hash = 'nowhere';

-- a_sender_is_for_one_channel
update senders set channel = 'fax';

-- an_address_sends_once_per_channel
insert into senders (id, channel, address, warmup_started_on) select 'other', channel, address,
    warmup_started_on from senders;

-- health_is_a_known_word
update senders set health = 'x';

-- an_enrolment_is_in_a_known_state
update enrolments set state = 'x';

-- what_stopped_says_why
update enrolments set state = 'stopped';

-- what_is_paused_says_until_when
update enrolments set state = 'paused';

-- only_what_is_over_is_begun_again
update enrolments set again_at = now(), again_by = 'x';

-- another_sequence_names_who_allowed_it
update enrolments set state = 'finished', again_at = now();

-- a_lead_is_in_one_sequence_at_a_time
insert into enrolments (lead_id, playbook, playbook_hash, enrolled_at, enrolled_on) select lead_id, 'x',
    'x', now(), now() from enrolments;

-- the_same_intent_is_one_delivery
insert into deliveries (id, kind, channel, natural_key, due_at, latest_at, created_at) select
    gen_random_uuid(), kind, channel, natural_key, due_at, latest_at, created_at from deliveries;

-- a_delivery_is_of_a_known_kind
update deliveries set kind = 'x';

-- a_delivery_is_in_a_known_state
update deliveries set state = 'x';

-- what_was_handed_over_has_its_payload
update deliveries set payload = null;

-- what_was_accepted_has_the_providers_id
update deliveries set provider_id = null;

-- a_refusal_or_failure_has_its_code
update deliveries set state = 'failed', code = null;

-- what_is_parked_has_an_owner
update deliveries set state = 'parked';

-- only_a_worker_holds_a_lease
update deliveries set lease_until = now();

-- a_provider_id_is_one_delivery
insert into deliveries (id, kind, channel, natural_key, due_at, latest_at, created_at, provider,
    provider_id) select gen_random_uuid(), kind, channel, 'other', due_at, latest_at, created_at,
    provider, provider_id from deliveries;

-- a_step_is_attempted_once_each
update touches set step = 1;

-- a_touch_has_a_known_purpose
update touches set purpose = 'x';

-- usage_is_never_negative
update cap_usage set used = -1;

-- a_message_goes_in_or_out
insert into messages (lead_id, channel, direction, at) select id, 'email', 'x', now() from leads;

-- a_first_contact_is_on_a_channel_or_on_any
update first_contacts set channel = 'x';

-- a_touch_books_one_meeting
insert into meetings (lead_id, touch_id, booked_at) select lead_id, touch_id, booked_at from meetings;

-- a_meeting_is_in_a_known_state
update meetings set state = 'x';

-- a_time_is_booked_once
insert into meetings (lead_id, booked_at, starts_at) select lead_id, booked_at, starts_at from meetings;

-- ranks_decide_between_any_two
update dispositions set rank = 1;

-- an_event_is_stored_once
insert into events (provider, event_key, kind, occurred_at, received_at, body) select provider,
    event_key, kind, occurred_at, received_at, body from events;

-- an_experiment_is_proposed_once
insert into experiments (name, claim, lever, directive_key, counted_from, metric, salt, expected_lift, proposed_by, proposed_at,
    window_days) select name, claim, lever, directive_key, counted_from, metric, salt, 0.2, 'x', now(), 0 from experiments where id = 1;

-- an_experiment_is_a_test_or_a_holdback
update experiments set kind = 'x' where id = 2;

-- a_lever_is_a_known_word
update experiments set lever = 'price';

-- exposure_precedes_the_lever
update experiments set counted_from = 'answer';

-- a_metric_is_a_milestone
update experiments set metric = 'x' where id = 2;

-- an_experiment_is_in_a_known_state
update experiments set state = 'x' where id = 2;

-- what_runs_has_its_plan
update experiments set state = 'running', place = 2, metric = 'booked', directive_key = 'z' where id = 2;

-- a_test_runs_28_56_or_84_days
update experiments set max_days = 30;

-- a_verdict_is_a_known_word
update experiments set verdict = 'x', reason = 'x', decided_at = now();

-- a_verdict_says_why_and_when
update experiments set verdict = 'KILL', reason = 'x';

-- what_is_suspended_says_since_when
update experiments set suspended_at = now();

-- a_share_leaves_somebody_in_each_arm
update experiments set treatment_share = 1;

-- a_win_ships_or_says_why_not
update experiments set shipped = 'x';

-- a_share_is_a_part_of_the_day
insert into experiment_hour_shares (experiment_id, day, treatment_share) values (1, '2026-01-01', 1.5);

-- a_running_test_has_a_place
update experiments set place = null;

-- at_most_three_run_at_once
update experiments set place = 4 where id = 1;

-- one_test_runs_per_metric_and_population
update experiments set state = 'running', place = 2, directive_key = 'z', base_rate = 0.1, n_max = 1, max_days = 28,
    started_at = now() where id = 2;

-- a_place_is_taken_once
update experiments set state = 'running', place = 1, directive_key = 'z', metric = 'booked', base_rate = 0.1, n_max = 1,
    max_days = 28, started_at = now() where id = 2;

-- one_thing_at_a_time_changes_a_text
update experiments set state = 'review' where id = 2;

-- an_arm_is_control_or_treatment
insert into experiment_arms (experiment_id, arm, directive_key, content_hash)
    select 2, 'C', directive_key, content_hash from experiment_arms where experiment_id = 2;

-- an_arm_is_an_immutable_version
insert into experiment_arms (experiment_id, arm, directive_key, content_hash) values (2, 'control', 'k', 'x');

-- a_unit_is_in_an_arm
insert into experiment_units (unit, experiment_id, arm, source, exposed_at) values ('lead:1', 2, 'control', '', now());

-- an_experiment_ships_once
insert into evolution_log (changed_at, subject, change, approver, experiment_id) values
    (now(), 'k', 'deployed', 'loop', 1), (now(), 'k', 'deployed', 'loop', 1);

-- a_change_is_taken_back_once
insert into evolution_log (changed_at, subject, change, approver, undoes)
    select now(), 'k', 'rolled back', 'loop', min(id) from evolution_log union all
    select now(), 'k', 'rolled back', 'loop', min(id) from evolution_log;

-- the_same_change_is_asked_once
insert into approvals (subject, words, why, change, fingerprint, asked_at, expires_at)
    select subject, words, why, change, fingerprint, now(), now() from approvals;

-- an_approval_is_in_a_known_state
update approvals set state = 'x';

-- a_decision_says_whose_it_is
update approvals set state = 'approved';

-- an_incident_is_of_a_known_severity
insert into incidents (kind, target, words, severity, began_at, opened_at, seen_at)
    values ('x', 'x', 'x', 'x', now(), now(), now());

-- an_incident_ends_in_a_known_way
update incidents set closed_at = now(), closed_by = 'x';

-- what_is_closed_says_by_whom
update incidents set closed_at = now();

-- trouble_begins_before_it_is_seen
update incidents set began_at = opened_at + interval '1 second';

-- an_incident_is_open_once
insert into incidents (kind, target, words, severity, began_at, opened_at, seen_at)
    select kind, target, words, severity, began_at, opened_at, seen_at from incidents;

-- a_repair_ends_in_a_known_way
insert into repairs (incident_id, playbook, tried_at, outcome, retry_at) select id, 'x', now(), 'x', now() from incidents;

-- a_pattern_has_the_question_that_gives_it
update patterns set evidence = '';

-- a_ratio_lies_in_its_interval
update patterns set low = 9;

-- a_pattern_stands_once
insert into patterns (channel, metric, dimension, level, ratio, low, high, p_value, n, k, evidence, since, upto, found_on)
    select channel, metric, dimension, level, ratio, low, high, p_value, n, k, evidence, since, upto, found_on from patterns;

-- an_alarm_is_of_a_known_kind
update alarms set kind = 'x';

-- an_alarm_has_a_known_cause
update alarms set cause = 'x';

-- an_alarm_is_raised_once_a_day
insert into alarms (day, kind, channel, metric, cause, words, figures, evidence, raised_at)
    select day, kind, channel, metric, cause, words, figures, evidence, raised_at from alarms;

-- an_answer_says_whose_it_is
update alarms set answered_at = now();

-- a_skill_is_of_a_known_kind
update skills set kind = 'x';

-- a_skill_is_testing_active_or_killed
update skills set state = 'x', decided_at = now();

-- a_skill_is_decided_once_its_test_is
update skills set state = 'killed';

-- a_test_is_of_one_skill
insert into skills (kind, problem, metric, baseline_value, target_value, experiment_id, spawned_at)
    select 'lead-scorer', problem, metric, baseline_value, target_value, experiment_id, spawned_at from skills;

-- a_kind_of_skill_is_there_once
insert into skills (kind, problem, metric, baseline_value, target_value, experiment_id, spawned_at)
    select kind, problem, metric, baseline_value, target_value, experiment_id + 1, spawned_at from skills;

-- a_sale_is_not_worth_less_than_nothing
insert into sales (lead_id, sold_at, amount_usd, entered_by) select id, now(), -1, 'x' from leads;

-- a_sale_is_entered_once
insert into sales (lead_id, sold_at, entered_by) select l.id, now(), 'x' from leads l, generate_series(1, 2);

-- a_model_is_kept_once
insert into lead_models (version, model, leads, outcomes, judgement, trained_at)
    select 'v', '{}', 2, 1, '{}', now() from generate_series(1, 2);

-- a_model_is_in_a_known_state
insert into lead_models (version, model, leads, outcomes, judgement, trained_at, state) values ('v', '{}', 2, 1, '{}', now(), 'x');

-- outcomes_are_those_of_leads
insert into lead_models (version, model, leads, outcomes, judgement, trained_at) values ('v', '{}', 1, 2, '{}', now());

-- one_lead_model_is_in_force
insert into lead_models (version, model, leads, outcomes, judgement, trained_at, state)
    select 'v' || g, '{}', 2, 1, '{}', now(), 'in_force' from generate_series(1, 2) g;

-- a_quality_is_0_to_100
insert into call_reviews (touch_id, lead_id, reviewed_at, version, disclosed, early_hangup, questions, objections, quality, reasons)
    select id, lead_id, now(), 1, true, false, 0, 0, 101, '{}' from touches;

-- a_talk_share_is_a_share
insert into call_reviews (touch_id, lead_id, reviewed_at, version, disclosed, early_hangup, questions, objections, quality, reasons,
    talk_share) select id, lead_id, now(), 1, true, false, 0, 0, 1, '{}', 2 from touches;

-- the_same_response_is_kept_once
insert into objection_responses (kind, response, response_hash, first_heard_at, last_heard_at)
    select 'price', 'x', 'h', now(), now() from generate_series(1, 2);

-- what_led_on_was_heard
insert into objection_responses (kind, response, response_hash, led_on, first_heard_at, last_heard_at)
    values ('price', 'x', 'h', 1, now(), now());

-- an_objection_leads_to_a_known_end
with r as (
    insert into call_reviews (touch_id, lead_id, reviewed_at, version, disclosed, early_hangup, questions, objections, quality, reasons)
    select id, lead_id, now(), 1, true, false, 0, 1, 9, '{}' from touches returning touch_id, lead_id
)
insert into call_objections (touch_id, place, lead_id, kind, led_to, heard_at) select touch_id, 1, lead_id, 'price', 'x', now() from r;

-- a_visit_is_kept_once
insert into visits (event_key, received_at, body) select event_key, received_at, 'x' from visits;

-- what_was_taken_has_its_outcome
update visits set outcome = 'sign';

-- what_was_taken_keeps_no_words
update visits set taken_at = now(), outcome = 'sign';

-- a_visit_ends_in_a_known_way
update visits set taken_at = now(), outcome = 'x', body = null;

-- an_error_is_known_once
insert into errors (stage, code, place, first_at, last_at) select 's', 'c', '', now(), now() from generate_series(1, 2);

-- an_error_is_seen_from_its_first_time_on
insert into errors (stage, code, place, first_at, last_at) values ('s', 'c', '', now(), now() - interval '1 hour');

-- a_drawn_hour_is_an_hour
update touches set drawn_hour = 24;
