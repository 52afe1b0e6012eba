"""A small valid set of directives, for tests that break one thing in it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.directives import Book, Version, content_hash, kind_of

OUTREACH = """---
call: {concurrent: 10, max_duration_s: 600, usd_per_minute: 0.2}
email: {per_second: 2, usd_each: 0.001}
sms: {per_second: 1, usd_per_segment: 0.01}
steps: {latest_days: 7}
daily_usd: {call: 40, email: 1, sms: 5, lookup: 2}
lookup: {usd_each: 0.01, valid_days: 180}
meetings: {minutes: 15, start_hours: [10, 14], days_ahead: 7, notice_hours: 3}
default_playbook: playbooks/cold
warm_playbook: playbooks/cold
holdout: {share: 0.1, minimum_companies_per_week: 100}
tests:
  {per_arm: 100, deploy_above: 0.2, review_below: 0.1, rollback_at: -0.3, rest_days: 30,
   holdback_share: 0.2, holdback_days: 14, approval_days: 14}
measures: {baseline_days: 28, false_alarms_a_quarter: 1}
bottlenecks:
  {response_hours: 4, contacted_share: 0.6, qualified_share: 0.3, classifier_f1: 0.8, qualified_days: 5,
   source_low: 0.1, source_high: 0.3, rest_days: 30}
scoring:
  points: {funding: 30, hiring: 25, leadership_change: 20, product_launch: 15, site_activity: 10}
  priority: {high: 50, medium: 25}
  random_share: 0.10
  learned: {confidence: 0.99, window_days: 14, every_days: 7, most_leads: 20000, high: 80, medium: 50}
call_timing:
  explore_share: 0.5
  explore_share_known: 0.1
  least_calls: 20
  lookback_days: 84
  believe_at: 100.0
conversation_days: 14
ready_pool_days: 3
retention: {transcript_days: 90, record_years: 5}
---
"""
COMPLIANCE = """---
lever: false
call_opening: "This is {{ persona }}, an AI of {{ business_name }}. It may be recorded. Say stop or press 9."
voicemail_opening: "This is {{ persona }}, an AI of {{ business_name }}."
voicemail_opt_out: "To stop our calls dial {{ opt_out_number }}."
call_rules: |
  You are {{ persona }} of {{ business_name }}, {{ opt_out_number }}. Use do_not_call when asked to.
sms_first_message_suffix: Reply STOP to opt out
sms_opt_out_confirmation: "{{ business_name }}: you are opted out."
email_footer: |
  {{ business_name }}, {{ postal_address }}
  {{ unsubscribe_url }}
never_say: [guarantee, i'm human]
---
"""
PLAYBOOK = """---
title: Cold
steps:
  - {step: 1, channel: call, day: 0, script: scripts/call_hello}
  - {step: 2, channel: email, day: 0, script: scripts/email_hello}
  - {step: 3, channel: sms, day: 2, script: scripts/sms_hello}
---
"""
CALL = """---
channel: call
persona: Sarah
voice: {provider: vapi, voice_id: Savannah}
opener: Hello {{ first_name }}, a bad time?
voicemail: I called about {{ company }}.
---
You call "{{ company }}" for {{ business_name }}.
"""
EMAIL = """---
channel: email
persona: John
subject: A question for {{ company }}
---
Hi {{ first_name }},

is it right that {{ company }} is in {{ city }}?{% if booking_url %} {{ booking_url }}{% endif %}

{{ persona }}
"""
SMS = """---
channel: sms
persona: Sarah
---
{{ first_name }}, this is {{ business_name }}. A word about {{ company }}?
"""
REPORT = """---
cadence: daily
at: 17:00
lines: {answer_rate: 0.20, dm_contact_rate: 0.10}
sections:
  hot_leads: true
  what_happened: true
  zones_open: true
  changes: true
  asked: true
  not_contacted: true
  tests: true
  patterns: false
  hypotheses: false
  incidents: true
  cost: true
  exposure: true
  charts: true
sent_copies: false
---
"""

CALLING_HOURS = """---
federal: {opens: 8:00, closes: 21:00, source: law, as_of: 2026-01-01}
unknown_state: {opens: 10:00, closes: 18:00, source: law, as_of: 2026-01-01}
windows:
  call: {opens: 8:00, closes: 18:00, days: [mon], holidays: closed, source: ours, as_of: 2026-01-01}
  sms: {opens: 8:00, closes: 18:00, days: [mon], holidays: closed, source: ours, as_of: 2026-01-01}
  email: {opens: 8:00, closes: 18:00, days: [mon], holidays: closed, source: ours, as_of: 2026-01-01}
---
"""
STATES = """---
states: {}
---
"""
CONTACT = """---
countries:
  US: {allowed: true, email_needs_consent: false, source: law, as_of: 2026-01-01}
lines:
  call: {needs: {mobile: written}, source: law, as_of: 2026-01-01}
  sms: {needs: {mobile: opt_in}, source: law, as_of: 2026-01-01}
consent:
  satisfied_by: {written: [written], opt_in: [opt_in, written]}
  stale_after_days: 45
  source: law
  as_of: 2026-01-01
national_dnc: {scrub_max_age_days: 31, exempt_lines: [], source: law, as_of: 2026-01-01}
answers: {within_minutes: 5, source: law, as_of: 2026-01-01}
---
"""
MEDIC = """---
backlog: {late_minutes: 20, touches: 5}
errors: {per_hour: 10}
unsettled: {unknown_minutes: 45, parked_hours: 24}
calls: {endless_minutes: 45}
webhooks: {silent_hours: 6, awaiting: 10}
database: {slow_ms: 800, transaction_minutes: 5}
mail: {minimum_sent: 50, bounce_share: 0.02, complaints: 1}
spend: {share: 0.95}
breaker: {first_minutes: 3, longest_minutes: 60}
escalation: {email_after_minutes: 15, repeat_hours: 24}
---
"""
PACE = """---
frequency: {per_24h: 1, per_7d: 3, total: 6, source: ours, as_of: 2026-01-01}
senders:
  call: {setup: [], ramp: [{from_day: 0, per_day: 50}], ceiling_per_day: 75, source: ours, as_of: 2026-01-01}
  sms: {setup: [], ramp: [{from_day: 0, per_day: 200}], ceiling_per_day: 999, source: ours, as_of: 2026-01-01}
  email: {setup: [], ramp: [{from_day: 0, per_day: 5}], ceiling_per_day: 30, source: ours, as_of: 2026-01-01}
health:
  bounces:
    window_days: 7
    watch: {share: 0.02, least: 2}
    stop: {share: 0.03, least: 3}
    source: ours
    as_of: 2026-01-01
  complaints:
    window_days: 7
    watch: {share: 0.0004, least: 1}
    stop: {share: 0.0006, least: 2}
    source: ours
    as_of: 2026-01-01
  answers: {window_days: 14, least_calls: 40, chance: 0.01, source: ours, as_of: 2026-01-01}
waits:
  hourly_cap_minutes: 15
  vendor_minutes: 5
  sender_health_minutes: 60
  sender_setup_minutes: 60
  source: ours
  as_of: 2026-01-01
---
"""

Load = Callable[[dict[str, str]], Book]


@pytest.fixture
def texts() -> dict[str, str]:
    return {
        "compliance": COMPLIANCE,
        "medic": MEDIC,
        "outreach": OUTREACH,
        "playbooks/cold": PLAYBOOK,
        "reports/evening": REPORT,
        "rules/calling_hours": CALLING_HOURS,
        "rules/contact": CONTACT,
        "rules/pace": PACE,
        "rules/states": STATES,
        "scripts/call_hello": CALL,
        "scripts/email_hello": EMAIL,
        "scripts/sms_hello": SMS,
    }


@pytest.fixture(scope="session")
def load() -> Load:
    def book(texts: dict[str, str]) -> Book:
        return Book.from_versions(
            Version(key, kind_of(key), content_hash(text), text, revision=1, author="owner")
            for key, text in texts.items()
        )

    return book
