"""Each probe: silent when all is well, and one look that finds its trouble."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from functions import slots, stages
from functions.medic.outlook import Outlook, admitted
from functions.medic.probes import Scene, all_probes, probes_of
from shared.state.incidents import Deaf, ErrorCount, MailWeek, NewError, SenderHealth, Struck, Unsettled
from tests.unit.medic.scenes import MINUTE, NOW, ZONE, quiet, run_of, with_run

HOUR = timedelta(hours=1)


def found(kind: str, scene: Scene) -> list[str]:
    """The targets that a probe names."""
    probe = next(probe for probe in all_probes() if probe.kind == kind)
    return [finding.target for finding in probe.look(scene) or ()]


def severities(kind: str, scene: Scene) -> list[str]:
    """How bad a probe finds it."""
    probe = next(probe for probe in all_probes() if probe.kind == kind)
    return [finding.severity for finding in probe.look(scene) or ()]


def slow(scene: Scene) -> Scene:
    """The same with a database that takes its time."""
    return replace(scene, answer_ms=scene.limits.database.slow_ms)


def errors(n: int) -> tuple[ErrorCount, ...]:
    """So many failures of one kind."""
    return (ErrorCount(stage="s", code="c", at="", system_wide=False, n=n, first_at=NOW - HOUR),)


def executor(**changes: object) -> Scene:
    """The morning's run of the daily executor, changed."""
    stage = stages.get("daily_executor")
    slot = slots.slot_for(stage, NOW, ZONE)
    return with_run(quiet(), stage.name, run_of(stage.name, slot, **changes))


TROUBLE: dict[str, tuple[Scene, str]] = {
    "backlog": (quiet(overdue=9, oldest_due_at=NOW - 30 * MINUTE), "touches"),
    "clock_skew": (replace(quiet(), worker_clock=NOW + 2 * MINUTE), "worker"),
    "database_slow": (replace(quiet(), answer_ms=2000.0), "database"),
    "endless_call": (quiet(endless_calls=("a",)), "calls"),
    "error_rate": (quiet(errors_1h=errors(11)), "all"),
    "lease_lapsed": (quiet(lapsed=("a",)), "touches"),
    "mail_health": (quiet(mail_7d=MailWeek(sent=100, bounced=2, complained=0)), "email"),
    "old_transaction": (quiet(oldest_transaction_s=400), "database"),
    "page_down": (replace(quiet(), outlook=Outlook({"web endpoint": 200, "website": 0})), "website"),
    "parked_touches": (quiet(parked=1, oldest_parked_at=NOW - 25 * HOUR), "touches"),
    "provider_trouble": (replace(quiet(), outlook=Outlook(providers={"vapi": "degraded"})), "vapi"),
    "channel_failing": (
        quiet(struck=(Struck(channel="sms", code="twilio.503", needs_owner=False, strikes=2, since=NOW),)),
        "twilio",
    ),
    "new_error": (
        quiet(
            new_errors=(
                NewError(id=1, stage="watch", code="unexpected", place="a.py", first_at=NOW, times=1),
            )
        ),
        "watch:unexpected:a.py",
    ),
    "not_heard": (quiet(deaf=(Deaf(channel="call", code="vapi.503", since=NOW),)), "vapi"),
    "sender_health": (quiet(senders=(SenderHealth(id="call:+1", health="quarantined"),)), "call:+1"),
    "sending_domain": (
        replace(quiet(), outlook=Outlook(domains={"mail.example.com": "no DMARC policy"})),
        "mail.example.com",
    ),
    "spend": (quiet(spent_today={"call": 58.0}), "call"),
    "stage_failing": (executor(state="failed", error={"code": "unreachable"}), "daily_executor"),
    "stage_missed": (with_run(quiet(), "daily_executor", None), "daily_executor"),
    "unknown_touches": (quiet(unknown={"vapi": Unsettled(n=1, since=NOW)}), "vapi"),
    "webhook_silence": (
        quiet(awaiting={"resend": 12}, last_event_at={"resend": NOW - 7 * HOUR}),
        "resend",
    ),
}


def test_every_probe__has_its_trouble_here() -> None:
    assert {probe.kind for probe in all_probes()} == TROUBLE.keys()


@pytest.mark.parametrize("kind", TROUBLE)
def test_a_probe__is_silent_when_all_is_well(kind: str) -> None:
    assert found(kind, quiet()) == []


@pytest.mark.parametrize("kind", TROUBLE)
def test_a_probe__finds_its_trouble(kind: str) -> None:
    scene, target = TROUBLE[kind]
    assert found(kind, scene) == [target]


@pytest.mark.parametrize("kind", TROUBLE)
def test_trouble__began_before_it_is_seen(kind: str) -> None:
    scene, _ = TROUBLE[kind]
    probe = next(probe for probe in all_probes() if probe.kind == kind)
    assert all(finding.began_at <= scene.now for finding in probe.look(scene) or ())


def test_the_watch__looks_with_fewer_probes_than_the_medic() -> None:
    watch, medic = ({probe.kind for probe in probes_of(tier)} for tier in ("watch", "medic"))
    assert watch < medic == TROUBLE.keys()


@pytest.mark.parametrize(
    ("kind", "scene"),
    [
        ("backlog", quiet(overdue=4, oldest_due_at=NOW - 30 * MINUTE)),
        ("backlog", quiet(overdue=9, oldest_due_at=NOW - 19 * MINUTE)),
        ("backlog", quiet(overdue=9, oldest_due_at=NOW - 30 * MINUTE, kill_switch=True)),
        ("error_rate", quiet(errors_1h=errors(10))),
        ("mail_health", quiet(mail_7d=MailWeek(sent=49, bounced=20, complained=0))),
        ("webhook_silence", quiet(awaiting={"resend": 9}, last_event_at={})),
        ("webhook_silence", quiet(awaiting={"resend": 12}, last_event_at={"resend": NOW - HOUR})),
    ],
)
def test_a_probe__is_silent_below_its_limit(kind: str, scene: Scene) -> None:
    assert found(kind, scene) == []


@pytest.mark.parametrize(("minutes", "severity"), [(0, "notice"), (44, "notice"), (45, "warning")])
def test_unknown_touches__are_a_notice_while_the_tick_asks(minutes: int, severity: str) -> None:
    since = NOW - minutes * MINUTE
    assert severities("unknown_touches", quiet(unknown={"vapi": Unsettled(n=1, since=since)})) == [severity]


@pytest.mark.parametrize(
    ("strikes", "needs_owner", "severity"),
    [(1, False, "notice"), (2, False, "warning"), (1, True, "critical"), (9, True, "critical")],
)
def test_a_failed_send__is_a_notice_two_a_warning_and_critical_what_the_owner_must_end(
    strikes: int, needs_owner: bool, severity: str
) -> None:
    struck = Struck(channel="call", code="x", needs_owner=needs_owner, strikes=strikes, since=NOW)
    assert severities("channel_failing", quiet(struck=(struck,))) == [severity]


def test_a_tick_that_failed_with_its_channel__is_told_as_the_channel_only() -> None:
    failed = run_of("outreach_tick", NOW, state="failed", error={"code": "resend.401"})
    struck = Struck(channel="email", code="resend.401", needs_owner=True, strikes=1, since=NOW)
    assert found("stage_failing", with_run(quiet(struck=(struck,)), "outreach_tick", failed)) == []
    assert found("stage_failing", with_run(quiet(), "outreach_tick", failed)) == ["outreach_tick"]


@pytest.mark.parametrize(("minutes", "severity"), [(14, "notice"), (15, "warning")])
def test_a_channel_not_heard__is_a_notice_until_it_lasts(minutes: int, severity: str) -> None:
    deaf = Deaf(channel="sms", code="twilio.503", since=NOW - minutes * MINUTE)
    assert severities("not_heard", quiet(deaf=(deaf,))) == [severity]


def test_a_complaint__is_counted_however_few_mails_went_out() -> None:
    assert found("mail_health", quiet(mail_7d=MailWeek(sent=3, bounced=0, complained=1))) == ["email"]


# Stages.


def test_a_run_that_died__is_found_by_its_lease() -> None:
    assert found("stage_missed", executor(state="running", finished_at=None)) == ["daily_executor"]


def test_a_run_that_is_busy__is_not_missed() -> None:
    busy = executor(state="running", finished_at=None, lease_until=NOW + MINUTE)
    assert found("stage_missed", busy) == []


@pytest.mark.parametrize(
    ("move", "missed"),
    [
        (lambda slot: slot + timedelta(seconds=99), False),
        (lambda slot: slot + timedelta(seconds=101), True),
        (lambda slot: slot + 12 * HOUR + MINUTE, False),
    ],
)
def test_a_slot__is_missed_from_its_grace_to_the_end_of_its_catch_up(
    move: Callable[..., object], missed: bool
) -> None:
    stage = stages.get("daily_executor")
    now = move(slots.slot_for(stage, NOW, ZONE))
    scene = with_run(quiet(now=now), stage.name, None)
    assert ("daily_executor" in found("stage_missed", scene)) is missed


def test_a_slot_from_before_the_loop_went_live__is_not_missed() -> None:
    scene = with_run(quiet(live_since=NOW - MINUTE), "daily_executor", None)
    assert found("stage_missed", scene) == []


def test_an_installation_that_is_not_live__misses_nothing() -> None:
    assert found("stage_missed", with_run(quiet(live=False), "daily_executor", None)) == []


# Outside.


@pytest.mark.parametrize("kind", ["page_down", "provider_trouble", "sending_domain"])
def test_what_was_not_asked__is_no_finding_and_closes_nothing(kind: str) -> None:
    probe = next(probe for probe in all_probes() if probe.kind == kind)
    assert probe.look(replace(quiet(), outlook=Outlook())) is None


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ('{"status": {"indicator": "none"}}', ""),
        ('{"status": {"indicator": "major"}}', "major"),
        ('{"data": {"attributes": {"aggregate_state": "operational"}}}', ""),
        ('{"data": {"attributes": {"aggregate_state": "downtime"}}}', "downtime"),
        ("<html>", ""),
        ("[]", ""),
    ],
)
def test_a_status_page__admits_what_it_says_and_no_more(body: str, word: str) -> None:
    assert admitted(body) == word


@pytest.mark.parametrize(
    ("pages", "down"),
    [
        ({"website": 500}, ["website"]),
        ({"website": 404}, []),
        ({"web endpoint": 503}, []),
        ({"website": 503}, ["website"]),
    ],
)
def test_a_page__is_down_without_an_answer_or_with_a_servers_error(
    pages: dict[str, int], down: list[str]
) -> None:
    assert found("page_down", replace(quiet(), outlook=Outlook(pages))) == down


def test_an_optional_stage__is_not_missed_while_the_database_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    optional = replace(stages.get("daily_executor"), optional=True)
    monkeypatch.setattr(stages, "built", lambda: (optional,))
    missed = with_run(quiet(), "daily_executor", None)
    assert found("stage_missed", missed) == ["daily_executor"]
    assert found("stage_missed", slow(missed)) == []
