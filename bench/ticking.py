"""A live installation full of due emails, and whole ticks over it with a provider that answers at once."""

from __future__ import annotations

import dataclasses
import re
import time
from datetime import datetime, timedelta
from typing import Any, cast

from functions.runner import run_stage
from shared.directives import Book, read, seed_payload
from shared.directives.files import DirectiveFile, content_hash
from shared.loop import Loop
from shared.providers.channel import Channel, ChannelName, Message, Receipt
from shared.providers.registry import Providers
from shared.state.postgres import PostgresTransport
from simulator.demo import demo_settings
from simulator.wire import Urls
from tests.support.ledger import INSTALLATION, Ledger, sender, touch_row

RELEASE = "bench"
NOWHERE = Urls("http://127.0.0.1:9", "http://127.0.0.1:9", "http://127.0.0.1:9")
TICK = timedelta(minutes=3)
CAP = 1_000_000


class Instant:
    """A channel that accepts whatever it is given, at once."""

    name: ChannelName = "email"
    provider = "resend"
    deadline_s = 10.0

    def __init__(self) -> None:
        self.sent: list[str] = []

    def send(self, message: Message) -> Receipt:
        """Take it."""
        self.sent.append(message.key)
        return Receipt(f"P-{message.key}")

    def inbound_since(self, _: datetime) -> list[dict[str, Any]]:
        """Nobody answers."""
        return []


class OnlyInstant(Providers):
    """Providers of which every channel is that one."""

    def __init__(self, channel: Instant) -> None:
        self._instant = channel

    @property
    def email(self) -> Any:
        """What a tick listens to before it sends."""
        return self._instant

    def channel(self, name: ChannelName) -> Channel:
        """The instant one."""
        assert name == "email"
        return cast("Channel", self._instant)


def uncapped(files: list[DirectiveFile]) -> list[DirectiveFile]:
    """The shipped directives with caps and budgets that a benchmark does not reach."""
    return [_uncapped(file) for file in files]


def _uncapped(file: DirectiveFile) -> DirectiveFile:
    text = file.text
    if file.key == "rules/pace":
        text = re.sub(r"(per_day|ceiling_per_day): \d+", rf"\1: {CAP}", text)
    if file.key == "outreach":
        text = text.replace("  email: 1.00", f"  email: {CAP}.00")
    return dataclasses.replace(file, text=text, content_hash=content_hash(text))


class Ticker:
    """One installation. Each round plans emails to new people and lets one tick send them."""

    def __init__(self, dsn: str) -> None:
        self.ledger = Ledger.over(dsn, PostgresTransport(dsn))
        self.ledger.state.outreach.seed_senders([sender("email")])
        files = uncapped(read())
        Book.from_files(files)
        self.ledger.state.directives.seed(seed_payload(files), release=RELEASE)
        settings = demo_settings(NOWHERE, 1).model_copy(
            update={"installation_id": INSTALLATION, "release": RELEASE}
        )
        self.channel = Instant()
        self.loop = Loop(settings, self.ledger.state, OnlyInstant(self.channel), pause=lambda _: None)

    def plan(self, sends: int) -> None:
        """Import so many leads and plan an email to each, due now."""
        leads = self.ledger.leads(sends)
        entries = [
            {
                "lead_id": lead,
                "playbook": "playbooks/cold",
                "playbook_hash": "p1",
                "held_out": False,
                "enrolled_on": self.ledger.now.date(),
            }
            for lead in leads
        ]
        enrolled = self.ledger.state.outreach.enrol(entries)
        rows = [touch_row(lead, enrolled[lead], self.ledger.now) for lead in leads]
        assert self.ledger.state.outreach.plan(rows)["planned"] == sends

    def tick(self, sends: int) -> float:
        """Sends per second of a whole tick. Every touch went out once and has its receipt."""
        before = len(self.channel.sent)
        began = time.perf_counter()
        report = run_stage(self.loop, "outreach_tick")
        took = time.perf_counter() - began
        sent = self.channel.sent[before:]
        assert report.status == "ok", report
        assert len(sent) == len(set(sent)) == report.counts["sent"]["email"] == sends, report
        query = "select count(*) from deliveries where state = 'accepted' and provider_id = 'P-' || id"
        assert self.ledger.value(query) == len(set(self.channel.sent))
        self.ledger.after(seconds=TICK.total_seconds())
        return sends / took

    def close(self) -> None:
        """Give back the connection."""
        self.loop.close()
