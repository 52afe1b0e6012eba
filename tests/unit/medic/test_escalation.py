"""Who hears of what, when, and how often."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from functions.medic.escalation import alerts
from shared.mail.incident import IncidentMail, incident_text
from shared.mail.render import render_incident
from shared.state.incidents import Incident
from tests.unit.medic.scenes import NOW, incident, limits

LIMITS = limits().escalation
HOUR = timedelta(hours=1)


def told(*found: Incident, later: timedelta = timedelta()) -> list[tuple[int, str, int]]:
    """The alerts due at a moment."""
    return [(each.incident.id, each.medium, each.turn) for each in alerts(found, NOW + later, LIMITS)]


def one(severity: str = "warning", **changes: Any) -> Incident:
    """An incident opened just now."""
    return incident("backlog", severity=severity, opened_at=NOW, **changes)


def test_a_critical_incident__is_told_at_once_by_mail_and_text() -> None:
    assert told(one("critical")) == [(1, "email", 0), (1, "sms", 0)]


@pytest.mark.parametrize(("minutes", "expected"), [(14, []), (15, [(1, "email", 0)])])
def test_a_warning__is_told_when_it_lasts(minutes: int, expected: list[tuple[int, str, int]]) -> None:
    assert told(one(), later=timedelta(minutes=minutes)) == expected


def test_a_notice__is_never_told() -> None:
    assert told(one("notice"), later=100 * HOUR) == []


@pytest.mark.parametrize(("hours", "turn"), [(71, 0), (72, 1), (145, 2)])
def test_what_lasts__is_told_again_only_after_days(hours: int, turn: int) -> None:
    assert told(one(), later=hours * HOUR) == [(1, "email", turn)]


def test_stages_that_fail_for_one_reason__are_told_once() -> None:
    evidence = {"code": "state_unavailable"}
    found = [
        incident("stage_failing", name, id=number, severity="critical", evidence=evidence)
        for number, name in enumerate(("outreach_tick", "evening_report", "daily_metrics"), start=1)
    ]
    assert told(*found) == [(1, "email", 0), (1, "sms", 0)]


def test_different_trouble__is_told_apart() -> None:
    other = incident("error_rate", "all", id=2, severity="critical")
    assert {number for number, _, _ in told(one("critical"), other)} == {1, 2}


def test_the_mail__says_what_is_wrong_and_what_was_tried() -> None:
    repairs = [{"playbook": "run_tick", "outcome": "done", "tried_at": NOW, "retry_at": NOW}]
    shown = IncidentMail(
        "Example Answering",
        "America/New_York",
        one(words="touches that do not go out", evidence={"overdue": 9, "code": "<b>x</b>"}, repairs=repairs),
        beyond_repair=True,
    )
    mail = render_incident(shown)
    assert "Touches that do not go out" in mail.subject
    for part in ("needs you", "run_tick", "overdue"):
        assert part in mail.html
        assert part in mail.text
    assert "<b>x</b>" not in mail.html
    assert len(incident_text(shown)) <= 160
