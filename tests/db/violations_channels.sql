-- a_rest_says_why
update channels set rests_until = now();

-- what_is_deaf_says_why
update channels set deaf_since = now();

-- strikes_are_counted_from_a_first
update channels set strikes = 1;

-- a_strike_says_why
update channels set strikes = 1, struck_at = now();

-- what_was_heard_was_heard_by_a_server
update channels set heard_until = now();
