-- One statement for each rule of what the loop believes and learned, named by the rule it breaks.

-- an_idea_is_proposed_once_a_week
insert into hypotheses (fingerprint, week, proposed_at, proposed_by, claim, why, test_plan, lever, directive_key, base_hash, metric,
    evidence, proposal, probability, lift, lift_low, lift_high, due_on, approver, state) select fingerprint, week, proposed_at,
    proposed_by, claim, why, test_plan, lever, directive_key, base_hash, metric, evidence, proposal, probability, lift, lift_low,
    lift_high, due_on, approver, 'rejected' from hypotheses;

-- the_same_idea_is_open_once
insert into hypotheses (fingerprint, week, proposed_at, proposed_by, claim, why, test_plan, lever, directive_key, base_hash, metric,
    evidence, proposal, probability, lift, lift_low, lift_high, due_on, approver, state) select fingerprint, week + 7, proposed_at,
    proposed_by, claim, why, test_plan, lever, directive_key, base_hash, metric, evidence, proposal, probability, lift, lift_low,
    lift_high, due_on, approver, state from hypotheses;

-- a_hypothesis_is_written_by_a_known_hand
update hypotheses set proposed_by = 'x';

-- a_hypothesis_is_approved_by_loop_or_owner
update hypotheses set approver = 'x';

-- a_hypothesis_is_in_a_known_state
update hypotheses set state = 'x';

-- a_probability_is_a_share
update hypotheses set probability = 2;

-- a_prediction_lies_in_its_interval
update hypotheses set lift = 2;

-- what_is_tried_has_its_test
update hypotheses set state = 'forward';

-- what_was_scored_came_true_or_not
update hypotheses set came_true = true;

-- what_is_over_says_why_and_when
update hypotheses set state = 'dropped';

-- a_thing_is_learned_once
insert into learnings (key, kind, title, told, evidence, source, learned_at) select key, kind, title, told, evidence, source,
    learned_at from learnings;

-- a_learning_is_of_a_known_kind
update learnings set kind = 'x';

-- a_review_is_written_by_a_known_hand
update system_reviews set written_by = 'x';
