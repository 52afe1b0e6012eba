"""The loop under the faults that a world can have: whatever breaks, nobody is wronged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from shared.state.embedded import EmbeddedServer
from simulator.world import Rates
from tests.support.database import cloned
from tests.support.world import Stand, consent, people, person, rates, stand

pytestmark = pytest.mark.long

Table = Mapping[str, Any]

TEXTED = [person(n, phone="mobile phone") for n in (40, 41, 42)]
ROWS = [*people(5), *people(4, phone="corporate phone", first=20), *TEXTED]
CONSENTS = [consent(row, channel) for row in TEXTED for channel in ("sms", "call")]
SENDS = ["vapi.create_call", "resend.send"]

WEBHOOKS: tuple[Table, ...] = (
    {"kind": "webhook_lost", "rate": 0.2},
    {"kind": "webhook_late", "rate": 0.3, "most": "1h"},
    {"kind": "webhook_doubled", "rate": 0.3},
    {"kind": "webhook_reordered", "rate": 0.3},
    {"kind": "webhook_forged", "rate": 0.5},
)
REQUESTS: tuple[Table, ...] = (
    {"kind": "quota_reached", "rate": 0.2, "points": SENDS},
    {"kind": "effect_dropped", "rate": 0.2},
    {"kind": "timed_out", "rate": 0.2, "takes": "30s"},
    {"kind": "slow", "rate": 0.3, "takes": "20s"},
    {"kind": "rate_limited", "rate": 0.2, "retry_after": "4m"},
    {"kind": "rate_limited", "rate": 0.2},
    {"kind": "server_error", "rate": 0.2, "points": SENDS, "status": 502},
    {"kind": "list_down", "rate": 0.5},
    {"kind": "list_lags"},
)
SCHEDULE: tuple[Table, ...] = (
    {"kind": "stage_missed", "rate": 0.1, "stages": ["outreach_tick", "watch"]},
    {"kind": "stage_doubled", "rate": 0.2},
    {"kind": "stage_overlapping", "rate": 0.2},
    {"kind": "stage_killed", "rate": 0.3},
)
HOURS: tuple[Table, ...] = (
    {"kind": "provider_down", "provider": "vapi", "start": "8h", "length": "20m"},
    {"kind": "provider_down", "provider": "resend", "start": "8h 10m", "length": "10m"},
    {"kind": "database_down", "start": "8h 30m", "length": "15m"},
    {"kind": "database_slow", "start": "8h", "length": "1h", "takes": "3s"},
    {"kind": "clock_skew", "of": "provider", "by": "10m", "start": "8h", "length": "30m"},
    {"kind": "clock_skew", "of": "worker", "by": "-10m"},
    {"kind": "owner_silent"},
)
PEOPLE: tuple[Table, ...] = (
    {"kind": "call_never_ends", "rate": 0.3},
    {"kind": "injection_transcript", "rate": 0.5},
    {"kind": "injection_reply", "rate": 0.9},
    {"kind": "injection_company", "rate": 0.5},
    {"kind": "number_reassigned", "rate": 0.4},
    {"kind": "number_flagged", "answers": 0.7},
    {"kind": "duplicate_leads", "rate": 0.5},
    {"kind": "wrong_zone", "rate": 0.4},
)
GROUPS = {
    "webhooks": WEBHOOKS,
    "requests": REQUESTS,
    "schedule": SCHEDULE,
    "hours": HOURS,
    "people": PEOPLE,
}


def _lively() -> Rates:
    """A world in which many answer, write back, and many of these want no more."""
    ordinary = Rates.load().model_dump()
    line: dict[str, Any] = {
        "invalid": 0.0,
        "human": 0.9,
        "voicemail": 0.1,
        "gatekeeper": 0.0,
        "no_answer": 0.0,
    }
    line |= {"busy": 0.0, "carrier_blocked": 0.0, "propensity": (90.0, 10.0)}
    line |= {"given_human": {"conversation": 0.4, "dnc": 0.3, "callback": 0.2, "meeting": 0.1}}
    return rates(
        calls={"segments": dict.fromkeys(("main_line", "direct", "switchboard"), line)},
        emails={
            **{"reply_per_person": 0.9, "reply_by_mail": (1.0, 0.0, 0.0, 0.0, 0.0), "delay_h": (0.2, 0.5)},
            "reply_classes": ordinary["emails"]["reply_classes"] | {"opt_out": 0.5, "positive": 0.02},
            **{"unsubscribe": 0.2, "tail": 0.0},
        },
        texts={"reply": 0.4, "opt_out": 0.3, "delay_h": (0.1, 0.3)},
    )


@pytest.mark.parametrize("group", list(GROUPS))
def test_a_morning_under_faults__nobody_is_wronged(database: str, group: str) -> None:
    with stand(database, ROWS, CONSENTS, truth=_lively(), faults=GROUPS[group]) as here:
        here.until(10)
        _clean(here)
        assert here.days.faults.webhooks.accepted_forgeries == []
        assert {each.kind for each in here.injected.injected} == {table["kind"] for table in GROUPS[group]}
        assert sum(here.days.wire.record.sent().values()) > 0


def test_the_same_seed__breaks_the_same_things_and_they_do_the_same(
    server: EmbeddedServer, template: str
) -> None:
    def morning() -> tuple[Any, ...]:
        storm = [*WEBHOOKS, *REQUESTS, *SCHEDULE]
        with (
            cloned(server, template) as dsn,
            stand(dsn, ROWS, CONSENTS, truth=_lively(), faults=storm) as here,
        ):
            here.until(8, 45)
            _clean(here)
            reports = [(report.stage, report.slot, report.status) for report in here.days.reports]
            return here.injected.injected, here.days.wire.record.contacts, here.touches(), reports

    assert morning() == morning()


def _clean(here: Stand) -> None:
    assert here.violations() == dict.fromkeys(here.violations(), 0)
