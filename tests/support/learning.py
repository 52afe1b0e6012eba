"""What the learning stages write, told by their verbs."""

from __future__ import annotations

from datetime import timedelta

from shared.state.alarms import Alarm
from shared.state.patterns import Pattern
from tests.support.experiments import proposal
from tests.support.ledger import NOW, TODAY, Ledger

DAY = timedelta(days=1)


def find(ledger: Ledger) -> None:
    """One is found, is found again, and is gone."""
    found = Pattern(
        channel="call",
        metric="answered",
        dimension="region",
        level="AZ",
        ratio=1.4,
        low=1.2,
        high=1.7,
        p_value=1e-5,
        n=400,
        k=90,
        evidence="rate:answered/sent:by=region:2026-11-01..2026-11-23",
        since=TODAY - DAY,
        upto=TODAY,
    )
    verbs = ledger.state.patterns
    verbs.keep([found, found.model_copy(update={"level": "NY"})], TODAY)
    verbs.keep([found.model_copy(update={"ratio": 1.5})], TODAY + DAY)
    verbs.held(TODAY + DAY, TODAY + DAY)
    verbs.held(TODAY - DAY, TODAY - DAY)


def close_a_day(ledger: Ledger) -> None:
    """An alarm and its answer, a skill and its test."""
    alarm = Alarm(
        day=TODAY,
        kind="fewer",
        channel="call",
        metric="answered",
        cause="rate",
        words="w",
        figures={"n": 1},
        evidence="rate:answered/sent:2026-11-23..2026-11-23",
    )
    alarms = ledger.state.alarms
    for _ in range(2):
        alarms.sound([alarm, alarm.model_copy(update={"metric": "dm_contact"})], quiet_days=7)
        alarms.answer("call", "answered", actor="loop")
    alarms.between(TODAY, TODAY)
    alarms.instruments_changed(NOW, NOW + DAY)
    skill = {"kind": "lead-scorer", "problem": "p", "metric": "m", "baseline_value": 1, "target_value": 2}
    for name in ("remedy", "another"):
        ledger.state.skills.spawn(skill, proposal(name=name), rest_days=30)
    ledger.state.skills.all()
    ledger.state.skills.flow(NOW - DAY, NOW + DAY, TODAY, TODAY)
