"""Drawn hours over a real database: counted by zone, and a change of belief is written down once."""

from __future__ import annotations

from datetime import timedelta

from shared.call_timing import HourCount
from tests.support.ledger import TODAY, Ledger, about


def test_drawn_calls__are_counted_by_zone_and_hour_and_the_others_are_not(ledger: Ledger) -> None:
    for drawn, answers in ((10, True), (10, False), (15, False), (None, True)):
        claim = ledger.accepted(ledger.lead(), channel="call", drawn_hour=drawn)
        if answers:
            ledger.hear(about(claim, f"a-{claim.id}", milestones=("answered",)), channel="call")
    ledger.plan(ledger.lead(), channel="call", drawn_hour=11)  # not sent
    found = ledger.state.call_timing.drawn(TODAY - timedelta(days=7), TODAY)
    zone = "America/New_York"
    assert found == [HourCount(zone, 10, 2, 1), HourCount(zone, 15, 1, 0)]
    assert ledger.state.call_timing.drawn(TODAY + timedelta(days=1), TODAY + timedelta(days=9)) == []


def test_what_is_believed__is_written_down_when_it_changes(ledger: Ledger) -> None:
    note = ledger.state.call_timing.note
    said = [note(believed=b, figures={"evidence": 150.0}) for b in (False, True, True, False, False)]
    assert said == [False, True, False, True, False]
    changes = [each.change for each in ledger.state.experiments.log() if each.subject == "call_timing"]
    assert changes == ["calls go out at the better hours", "calls go out at any hour"]
