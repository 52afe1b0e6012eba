"""A ledger to test with: leads, enrolments, touches and senders, made by the verbs the stages use."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import psycopg

from shared.providers.event import ProviderEvent, Reply, ReplyClass
from shared.state import State
from shared.state.events import Applied
from shared.state.outreach import Claim, SendAnswer
from shared.state.postgres import PostgresTransport
from shared.state.transport import Transport
from tests.support.database import set_time

INSTALLATION = UUID("6f1f0a3e-1b0e-4a53-9a0c-0d7a5a3c2b11")
NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # a Monday, 10:00 in New York
TODAY = date(2026, 11, 23)
LEASE_S = 120
CONVERSATION_DAYS = 14
_T = TypeVar("_T")


def lead_row(number: int, *, company: int | None = None, **changes: Any) -> dict[str, Any]:
    """A normalised row of an import. `number` makes email and phone; leads of a `company` are colleagues."""
    firm = number if company is None else company
    row: dict[str, Any] = {
        "line": number + 2,
        "first_name": "Ada",
        "last_name": f"Example{number}",
        "title": "Owner",
        "email": f"lead{number}@example.com",
        "company_key": f"firm{firm}.example",
        "company": f"Firm {firm}",
        "domain": f"firm{firm}.example",
        "industry": "roofing",
        "employees": 12,
        "country": "US",
        "region": "NY",
        "city": "Albany",
        "postal_code": "12207",
        "zones": ["America/New_York"],
        "zone_source": "postal_code",
        "signals": [],
        "score": 50,
        "priority": "Medium",
        "score_reasons": [],
        "phones": [{"number": phone(number), "label": "direct", "extension": None}],
    }
    return row | changes


def phone(number: int) -> str:
    """A fictitious number, one per lead."""
    return f"+1{200 + number // 100}55501{number % 100:02}"


def touch_row(lead_id: int, enrolment_id: int | None, now: datetime, **changes: Any) -> dict[str, Any]:
    """A planned touch, due now, in an open window of four hours, alive for seven days."""
    row = {
        "lead_id": lead_id,
        "enrolment_id": enrolment_id,
        "step": 1,
        "attempt": 1,
        "purpose": "prospect",
        "channel": "email",
        "script_key": "scripts/email_first",
        "playbook_hash": "p1",
        "day": now.date(),
        "due_at": now,
        "latest_at": now + timedelta(days=7),
        "window_closes_at": now + timedelta(hours=4),
        "code": None,
        "refused": False,
    }
    return row | changes


def limit(scope: str, cost: float, most: float | None, code: str, bucket: date = TODAY) -> dict[str, Any]:
    """One cap or budget of a send."""
    return {"scope": scope, "bucket": bucket.isoformat(), "cost": cost, "limit": most, "code": code}


@dataclass
class Ledger:
    """One database with its state library, and the time it believes to be."""

    dsn: str
    state: State
    now: datetime = NOW
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @classmethod
    def over(cls, dsn: str, transport: Transport) -> Ledger:
        """A live installation at `NOW` with one sender for each channel."""
        ledger = cls(dsn, State(transport, INSTALLATION))
        ledger.at(NOW)
        ledger.state.live.turn_on(app="growthloop", actor="owner")
        ledger.state.outreach.seed_senders([sender(c) for c in ("call", "email", "sms")])
        return ledger

    def at(self, moment: datetime) -> None:
        """Make it this time."""
        self.now = moment
        set_time(self.dsn, moment)

    def after(self, **delta: float) -> None:
        """Let so much time pass."""
        self.at(self.now + timedelta(**delta))

    def lead(self, *, company: int | None = None, **changes: Any) -> int:
        """Import one lead; its number is the count of leads so far."""
        row = lead_row(next(self._numbers), company=company, **changes)
        answer = self.state.people.import_leads([row], source="csv")[0]
        assert answer["status"] == "new"
        return int(answer["lead_id"])

    def leads(self, count: int) -> list[int]:
        """Import so many leads of so many companies."""
        rows = [lead_row(next(self._numbers)) for _ in range(count)]
        return [a["lead_id"] for a in self.state.people.import_leads(rows, source="csv")]

    def enrol(self, lead_id: int, *, held_out: bool = False) -> int:
        """Enrol a lead today."""
        entry = {
            "lead_id": lead_id,
            "playbook": "playbooks/cold",
            "playbook_hash": "p1",
            "held_out": held_out,
            "enrolled_on": self.now.date(),
        }
        return self.state.outreach.enrol([entry])[lead_id]

    def plan(self, lead_id: int, *, held_out: bool = False, **changes: Any) -> None:
        """Enrol a lead and plan one touch of theirs."""
        enrolment = changes.pop("enrolment_id", None) or self.enrol(lead_id, held_out=held_out)
        assert self.state.outreach.plan([touch_row(lead_id, enrolment, self.now, **changes)])["planned"] == 1

    def claim(self, channel: str = "email") -> Claim:
        """Claim the one step of a sequence that is due. What answers something is put off to the next day."""
        self.run(
            "update deliveries d set due_at = due_at + interval '1 day' from touches t where t.id = d.id"
            " and t.enrolment_id is null and d.state = 'planned'"
        )
        (claim,) = self.claims(channel, 1)
        return claim

    def claims(self, channel: str, most: int) -> list[Claim]:
        """Claim what is due, best first."""
        return self.state.outreach.claim_due(
            channel, max_rows=most, lease_s=LEASE_S, conversation_days=CONVERSATION_DAYS
        )

    def claimed(self, lead_id: int | None = None, **changes: Any) -> Claim:
        """A lead's touch, planned and claimed."""
        self.plan(lead_id if lead_id is not None else self.lead(), **changes)
        return self.claim(changes.get("channel", "email"))

    def begin(self, claim: Claim, *, state: State | None = None, **changes: Any) -> SendAnswer:
        """Try to begin the send of a claim. Other terms than the usual by name."""
        return (state or self.state).outreach.begin_send(
            claim,
            payload=changes.pop("payload", {"text": "Hello"}),
            provider=PROVIDERS[claim.channel],
            terms=self.terms(claim) | changes,
            provenance={"script_key": claim.script_key, "script_hash": "s1", "rules_hash": "r1", "arm": None},
        )

    def terms(self, claim: Claim) -> dict[str, Any]:
        """Terms under which nothing stands in the way."""
        lead = claim.lead
        return {
            "address": lead.email if claim.channel == "email" else lead.phones[0].number,
            "sender_id": claim.channel,
            "min_gap_s": 0,
            "conversation_days": CONVERSATION_DAYS,
            "per_day": 1,
            "per_week": 3,
            "per_life": 12,
            "local_day": self.now.date(),
            "local_hour": 10,
            "zone": "America/New_York",
            "retry_at": self.now + timedelta(days=1),
            "limits": [
                limit(f"sender:{claim.channel}", 1, 1000, "WARMUP_CAP"),
                limit(f"budget:{claim.channel}", 0.5, 1000, "BUDGET"),
            ],
        }

    def submitted(self, lead_id: int | None = None, **changes: Any) -> Claim:
        """A touch in the provider's hands, without a receipt so far."""
        claim = self.claimed(lead_id, **changes)
        assert self.begin(claim).status == "submitted"
        return claim

    def accepted(self, lead_id: int | None = None, **changes: Any) -> Claim:
        """A touch that its provider accepted, under the id `P-<touch id>`."""
        claim = self.submitted(lead_id, **changes)
        assert self.state.outreach.record_receipt(claim.id, claim.fence, f"P-{claim.id}", None)
        return claim

    def hear(
        self, event: ProviderEvent, *, channel: str = "email", reply: ReplyClass | None = None
    ) -> Applied:
        """Apply an event as a webhook would."""
        return self.state.events.apply(event, channel=channel, reply_class=reply)

    def run(self, statement: str, *arguments: object) -> None:
        """Run SQL as the owner of the database, for what no verb does."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute(_query(statement), arguments or None)

    def rows(self, query: str, *arguments: object) -> list[tuple[Any, ...]]:
        """What a query finds, as the owner of the database."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            return connection.execute(_query(query), arguments or None).fetchall()

    def value(self, query: str, *arguments: object) -> Any:
        """The one value that a query finds."""
        ((found,),) = self.rows(query, *arguments)
        return found

    def delivery(self, touch_id: UUID) -> dict[str, Any]:
        """The row of a delivery."""
        return dict(self.value("select to_jsonb(d) from deliveries d where id = %s", touch_id))

    def touch(self, touch_id: UUID) -> dict[str, Any]:
        """The row of a touch."""
        return dict(self.value("select to_jsonb(t) from touches t where id = %s", touch_id))

    def used(self, scope: str) -> float:
        """What is used of a cap or budget over all days."""
        return float(self.value("select coalesce(sum(used), 0) from cap_usage where scope = %s", scope))

    @contextmanager
    def another(self) -> Iterator[State]:
        """The state library of another worker: a connection of its own."""
        with closing(PostgresTransport(self.dsn)) as transport:
            yield State(transport, INSTALLATION)

    @contextmanager
    def meanwhile(self, work: Callable[[State], _T]) -> Iterator[Future[_T]]:
        """Run `work` in a thread; the body begins when it waits for a lock, or is over."""
        with self.another() as state, ThreadPoolExecutor(1) as pool:
            state.clock.now()
            running = pool.submit(work, state)
            while not running.done() and not self.value(_SOMEBODY_WAITS):
                pass
            yield running

    def together(self, workers: int, work: Callable[[int, State], _T]) -> list[_T]:
        """Run `work` in so many threads at once, each over a connection of its own."""
        gate = threading.Barrier(workers)

        def one(number: int) -> _T:
            with self.another() as state:
                state.clock.now()
                gate.wait(timeout=30)
                return work(number, state)

        with ThreadPoolExecutor(workers) as pool:
            return list(pool.map(one, range(workers)))


def _query(text: str) -> Any:
    """The driver wants literal SQL; here it comes from the tests' own texts."""
    return text


_SOMEBODY_WAITS = """
select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')
"""
PROVIDERS = {"call": "vapi", "email": "resend", "sms": "twilio"}


def sender(channel: str, **changes: Any) -> dict[str, Any]:
    """A configured sender whose id is its channel."""
    row = {
        "id": channel,
        "channel": channel,
        "address": "sarah@mail.example.com" if channel == "email" else "+12125550100",
        "provider_ref": None,
        "set_up": True,
        "warmup_started_on": "2026-08-01",
    }
    return row | changes


def event(key: str, *, at: datetime = NOW, provider: str = "resend", **fields: Any) -> ProviderEvent:
    """A verified event."""
    return ProviderEvent(provider, key, fields.pop("kind", "test"), at, fields.pop("body", {}), **fields)


def about(claim: Claim, key: str, **fields: Any) -> ProviderEvent:
    """An event that carries our reference to a touch and the provider's."""
    known = {"delivery_id": str(claim.id), "provider_id": f"P-{claim.id}"}
    return event(key, provider=PROVIDERS[claim.channel], **(known | fields))


def answer(claim: Claim, key: str, **fields: Any) -> ProviderEvent:
    """An inbound mail to a touch's reply address: its provider's id is its own."""
    said = about(claim, key, disposition="replied", milestones=("replied",), **fields)
    return replace(said, provider_id=f"IN-{key}", reply=Reply("Some words."))
