"""From what somebody says to the owner's mail and text: measured at the providers' wire, in virtual time."""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from simulator.demo import OWNER
from simulator.wire.http import Request
from tests.support.world import Stand, consent, people, rates, stand

OWNER_PHONE = "+15555550177"
FIVE_MINUTES = timedelta(minutes=5)
EAGER: dict[str, Any] = {
    "emails": {
        "reply_per_person": 1.0,
        "reply_by_mail": [1.0] * 5,
        "reply_classes": {"positive": 0.5, "question": 0.3, "callback": 0.2},
        "delay_h": [0.3, 0.6],
        "tail": 0.0,
    },
    "calls": {
        "segments": {
            name: {"human": 1.0, "no_answer": 0.0, "propensity": (1000.0, 0.001)}
            | {"given_human": {"meeting": 0.5, "callback": 0.5}}
            for name in ("main_line", "direct", "switchboard")
        }
    },
}


@dataclass
class Desk:
    """What reaches the owner, and when; `down` is until when Resend fails for the owner's mails."""

    here: Stand
    down: datetime | None = None
    told: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    failed: int = 0

    def __call__(self, point: str, request: Request) -> str | None:
        now = self.here.days.clock.now
        if point == "resend.send" and (body := json.loads(request.body)).get("to") == [OWNER]:
            if self.down and now < self.down:
                self.failed += 1
                return "500"
            self.told[f"email {body['subject']}"].append(now)
        if point == "twilio.send" and request.form()["To"] == OWNER_PHONE:
            self.told[f"sms {request.form()['Body']}"].append(now)
        return None

    def heard(self) -> list[tuple[datetime, str]]:
        """When somebody said something that asks for the owner, and who: by the database's clock."""
        rows = self.here.rows(
            "select least(m.at, e.received_at) as at, l.last_name as who"
            " from messages m join events e on e.id = m.event_id join leads l on l.id = m.lead_id"
            " where m.reply_class in ('positive', 'question', 'callback')"
            " union all"
            " select min(e.received_at), l.last_name from events e join leads l on l.id = e.lead_id"
            " where e.disposition in ('callback', 'meeting') group by l.last_name"
        )
        return [(row["at"], row["who"]) for row in rows]

    def delays(self, medium: str) -> list[timedelta]:
        """For each of them, how long until the owner was told."""
        found = []
        for at, who in self.heard():
            named = [
                t
                for text, times in self.told.items()
                for t in times
                if text.startswith(medium) and who in text
            ]
            found.append(min(t for t in named if t >= at) - at)
        return found


def test_every_hot_lead__reaches_the_owner_within_five_minutes(
    database: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    mailed, called = people(12), people(4, phone="corporate phone", first=40)
    with stand(database, mailed + called, [consent(r, "call") for r in called], truth=rates(**EAGER)) as here:
        here.configure(owner_phone=OWNER_PHONE)
        here.fault = desk = Desk(here)
        here.until(12)
        delays = {medium: desk.delays(medium) for medium in ("email", "sms")}
        assert len(delays["email"]) >= 8
        for medium, waited in delays.items():
            assert max(waited) <= FIVE_MINUTES, medium
        assert all(len(times) == 1 for times in desk.told.values()), "told once"
        assert here.violations() == dict.fromkeys(here.violations(), 0)
    logged = " ".join(f"{r.getMessage()} {r.__dict__}" for r in caplog.records if r.name == "growthloop")
    assert "webhook applied" in logged
    for row in (*mailed, *called):
        for personal in (row["email"], row["last name"], row["corporate phone"], OWNER_PHONE):
            assert not personal or personal not in logged, "logs hold ids only"


@pytest.mark.long
def test_mail_provider_down__the_owner_is_told_when_it_is_back_and_once(database: str) -> None:
    with stand(database, people(6), truth=rates(emails=EAGER["emails"])) as here:
        here.fault = desk = Desk(here, down=here.days.clock.now + timedelta(hours=2))
        here.until(11)
        assert desk.failed > 2
        back = desk.down
        assert back is not None
        for at, who in desk.heard():
            (told,) = [t for text, times in desk.told.items() for t in times if who in text]
            assert told - max(at, back) <= FIVE_MINUTES


def test_owner_of_an_installation_that_is_not_live__is_not_mailed(database: str) -> None:
    with stand(database, people(2), truth=rates(emails=EAGER["emails"]), live=False) as here:
        here.fault = desk = Desk(here)
        here.until(9)
        assert desk.told == {}
