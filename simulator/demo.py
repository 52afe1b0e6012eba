"""`growthloop demo`: from a lead file to the owner's email, without an account.

Settings are made from nothing: neither the environment nor a `.env` file is looked at, and no host but this
machine's loopback can be reached. The database is created for the run and dropped after it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from functions.campaigns.leads import import_consents, import_leads, import_scrub, scoring_rules
from shared.config import Settings
from shared.loop import Loop
from shared.state.embedded import EmbeddedServer, scratch_data_dir
from shared.state.migrate import migrate
from simulator import leads as demo_leads
from simulator.credentials import Credentials
from simulator.days import Days, OwnerAct, business_days, days_in, local
from simulator.guard import loopback_only
from simulator.leads.generate import OPTED_IN_STATES
from simulator.pages import OwnerMail, write_pages
from simulator.violations import violations
from simulator.wire import Urls
from simulator.wire.http import Request
from simulator.world import Rates, World

# A Thursday: five business days from here hold a weekend and Columbus Day.
FIRST_DAY = date(2026, 10, 8)
ZONE = ZoneInfo("America/New_York")
PUBLIC_URL = "https://loop.example.com"
OWNER = "owner@example.com"
MAILBOXES = tuple(f"{name}@mail.example.com" for name in ("hello", "office", "team", "desk"))
NUMBERS = tuple(f"+1212555010{n}" for n in range(4))
WARM_SINCE = date(2026, 8, 1)


@dataclass(frozen=True)
class DemoResult:
    """The figures as `--json` prints them, and the pages that were written, summary first."""

    figures: dict[str, Any]
    pages: list[Path]


def run_demo(
    *, days: int, seed: int, folder: Path, progress: Callable[[datetime, datetime, datetime], None]
) -> DemoResult:
    """Run so many business days and write the owner's emails and a summary page into `folder`.

    `progress` is told start, present and end of the virtual time.
    """
    dates = business_days(FIRST_DAY, days)
    start, end = local(dates[0], 7, 0, ZONE), local(dates[-1] + timedelta(days=1), 0, 30, ZONE)
    mails = Inbox()
    with loopback_only(), scratch_database() as dsn:
        world = World.from_files(demo_leads.DEMO, demo_leads.CONSENTS, Rates.load(), seed)
        with days_in(
            world,
            dsn,
            start,
            lambda urls: demo_settings(urls, seed),
            credentials=credentials(),
            fault=mails.look,
            progress=lambda at: progress(start, at, end),
        ) as run:
            run.owner += owner_acts(dates)
            take_in(run.loop, Lists.shipped())
            run.run(end)
            figures = account(run, world, days)
    pages = write_pages(folder, figures, mails.mails, run.reports)
    figures["reports"] = [page.relative_to(folder).as_posix() for page in pages]
    return DemoResult(figures, pages)


class Inbox:
    """The owner's inbox: what Resend was asked to bring there."""

    def __init__(self) -> None:
        self.mails: list[OwnerMail] = []

    def look(self, point: str, request: Request) -> None:
        """Keep the mail if it is for the owner; let every request through."""
        if point == "resend.send":
            body = json.loads(request.body)
            if body.get("to") == [OWNER]:
                self.mails.append(OwnerMail.of(body))


@contextmanager
def scratch_database(purpose: str = "demo") -> Iterator[str]:
    """A migrated database of its own on the embedded server, dropped at the end."""
    with (
        EmbeddedServer.attach(scratch_data_dir(purpose), fast=True) as server,
        server.scratch(purpose) as dsn,
    ):
        migrate(dsn)
        yield dsn


def credentials() -> Credentials:
    """The fakes' keys, with webhooks pointing at the demo's public address."""
    return Credentials(
        vapi_url=f"{PUBLIC_URL}/hooks/vapi",
        resend_url=f"{PUBLIC_URL}/hooks/resend",
        twilio_inbound_url=f"{PUBLIC_URL}/hooks/twilio/inbound",
        twilio_number="+12125550110",
    )


@dataclass(frozen=True)
class Senders:
    """What the business sends from, warm since a day."""

    numbers: tuple[str, ...] = NUMBERS
    mailboxes: tuple[str, ...] = MAILBOXES
    warm_since: date = WARM_SINCE


def demo_settings(urls: Urls, seed: int, *, senders: Senders = Senders(), release: str = "") -> Settings:
    """Settings from nothing. The installation's id follows from the seed, so every run has the same ids."""
    keys, since = credentials(), senders.warm_since.isoformat()
    return Settings.from_env(
        {
            "GROWTHLOOP_INSTALLATION_ID": str(uuid.uuid5(uuid.NAMESPACE_DNS, f"demo-{seed}.example.com")),
            "GROWTHLOOP_RELEASE": release,
            "GROWTHLOOP_TIMEZONE": ZONE.key,
            "GROWTHLOOP_SECRET_KEY": "only-for-the-demo",
            "GROWTHLOOP_PUBLIC_URL": PUBLIC_URL,
            "GROWTHLOOP_BUSINESS_NAME": "Example Answering",
            "GROWTHLOOP_OWNER_NAME": "Alex Example",
            "GROWTHLOOP_POSTAL_ADDRESS": "1 Example Street, Springfield, NY 10001",
            "GROWTHLOOP_OPT_OUT_NUMBER": "+18005550100",
            "GROWTHLOOP_OWNER_EMAIL": OWNER,
            "GROWTHLOOP_REPORT_FROM": "Growth Loop <reports@example.com>",
            "GROWTHLOOP_REPLY_TO": "reply@mail.example.com",
            "GROWTHLOOP_CALL_SENDERS": ",".join(f"vapi-{n[-2:]}={n}@{since}" for n in senders.numbers),
            "GROWTHLOOP_EMAIL_SENDERS": ",".join(f"{each}@{since}" for each in senders.mailboxes),
            "GROWTHLOOP_SMS_SENDERS": f"MG{'a' * 32}={keys.twilio_number}@{since}",
            "VAPI_API_KEY": keys.vapi_key,
            "VAPI_WEBHOOK_SECRET": keys.vapi_hmac_secret,
            "VAPI_CREDENTIAL_ID": "demo-credential",
            "VAPI_BASE_URL": urls.vapi,
            "RESEND_API_KEY": keys.resend_key,
            "RESEND_WEBHOOK_SECRET": keys.resend_webhook_secret,
            "RESEND_BASE_URL": urls.resend,
            "RB2B_TOKEN": keys.rb2b_url.rpartition("/")[2],
            "TWILIO_ACCOUNT_SID": keys.twilio_account_sid,
            "TWILIO_AUTH_TOKEN": keys.twilio_auth_token,
            "TWILIO_BASE_URL": urls.twilio,
            "TWILIO_LOOKUP_BASE_URL": urls.twilio,
            "TWILIO_MESSAGING_BASE_URL": urls.twilio,
        }
    )


@dataclass(frozen=True)
class Lists:
    """The owner's files: leads, consents, and what the do-not-call scrub found."""

    leads: bytes
    consents: bytes
    scrub: bytes

    @classmethod
    def shipped(cls) -> Lists:
        """The demo's own."""
        files = (demo_leads.DEMO, demo_leads.CONSENTS, demo_leads.SCRUB)
        return cls(*(file.read_bytes() for file in files))


def take_in(loop: Loop, lists: Lists) -> None:
    """What the owner does before the first morning: import the files and opt states in."""
    rules = scoring_rules(loop.book.outreach)
    import_leads(loop.state, lists.leads, file_name="leads.csv", scoring=rules)
    import_consents(loop.state, lists.consents, file_name="consents.csv")
    import_scrub(loop.state, lists.scrub, file_name="scrub.csv")
    loop.state.settings.put("company_line_opt_in", sorted(OPTED_IN_STATES), actor="owner")


def owner_acts(dates: list[date]) -> list[OwnerAct]:
    """The owner's part: look at the first preview, go live, and once pull the kill switch for a while."""
    app = "growthloop"
    acts = [
        OwnerAct(local(dates[0], 7, 30, ZONE), lambda loop: loop.state.live.turn_on(app=app, actor="owner"))
    ]
    if len(dates) > 1:
        pulled = local(dates[1], 11, 0, ZONE)
        acts += [
            OwnerAct(pulled, lambda loop: _kill_switch(loop, True)),
            OwnerAct(pulled + timedelta(minutes=30), lambda loop: _kill_switch(loop, False)),
        ]
    return acts


def _kill_switch(loop: Loop, on: bool) -> None:
    loop.state.live.set_kill_switch(on, reason="a look at the first day's answers", actor="owner")


def account(run: Days, world: World, days: int) -> dict[str, Any]:
    """The figures of a run: ours from the ledger, sent and violations from the wire and the world's truth."""
    summary, record = run.loop.state.measures.summary(), run.wire.record
    return {
        "days": days,
        "leads": run.loop.state.people.count()["leads"],
        "planned": summary["planned"],
        "sent": record.sent(),
        "refused": dict(sorted(summary["refused"].items())),
        "outcomes": dict(sorted(summary["outcomes"].items())),
        "milestones": summary["milestones"],
        "violations": violations(record, world),
    }
