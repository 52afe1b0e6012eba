"""What every fake provider works with."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from simulator.agenda import Agenda
from simulator.clock import VirtualClock
from simulator.credentials import Credentials
from simulator.faults import Faults
from simulator.faults.verdicts import Verdict
from simulator.record import Contact, Record, Words
from simulator.wire.http import Request, Response
from simulator.world import Person, World
from simulator.world.dice import digest

Fault = Callable[[str, Request], Verdict | None]


@dataclass(frozen=True)
class Backstage:
    """World, time, what is to come and what has been; shared by all fakes of one server."""

    world: World
    clock: VirtualClock
    agenda: Agenda
    credentials: Credentials
    record: Record = field(default_factory=Record)
    faults: Faults = field(default_factory=Faults)


@dataclass(frozen=True)
class Party:
    """Whoever is at the other end: a person of the world, or just an address."""

    name: str
    person: Person | None
    to: str
    n: int
    previous: datetime | None


class Fake(Protocol):
    """One provider behind a path prefix."""

    def point(self, request: Request) -> str:
        """A stable name of the operation, for faults: `vapi.create_call`, `resend.send` …"""
        ...

    def handle(self, request: Request) -> Response:
        """Carry out the request."""
        ...

    def failure(self, status: int) -> Response:
        """This provider's body for an error it did not mean."""
        ...

    def quota(self) -> Response:
        """This provider's answer when a period's quota is used up, whatever its status."""
        ...


def meet(back: Backstage, channel: str, to: str, person: Person | None) -> Party:
    """Begin a contact: number it among this party's contacts on the channel."""
    name = person.identity if person else f"stranger:{to}"
    previous = back.record.previous(name if person else to, channel)
    return Party(name, person, to, back.record.next_number(name, channel), previous)


def write_down(
    back: Backstage,
    party: Party,
    channel: str,
    at: datetime,
    *,
    reference: str | None,
    content: str | None,
    outcome: str,
    text: str,
    subject: str = "",
    talk_s: float = 0.0,
    cost_usd: float = 0.0,
) -> None:
    """Put an accepted contact on the record."""
    person = party.person.identity if party.person else None
    what = (reference, content, outcome, Words(text, subject), talk_s, cost_usd)
    back.record.accept(Contact(person, channel, party.to, at, party.n, *what))


def fingerprint(*parts: object) -> str:
    """What was said, as a short hash."""
    return digest(*parts).hex()[:16]


def iso(at: datetime) -> str:
    """Milliseconds and a Z, as JavaScript writes times."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def compact(body: Any) -> bytes:
    """A webhook body's bytes."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def as_dict(value: object) -> dict[str, Any]:
    """The value if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def parse_time(text: object) -> datetime | None:
    """An ISO 8601 time, or None."""
    try:
        at = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
