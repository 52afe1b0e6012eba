"""Small worlds for the tests."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from simulator.world import Person, Rates, World

MONDAY = datetime(2026, 10, 5, 15, tzinfo=UTC)
RATES = Rates.load()

ADA = {
    "first name": "Ada",
    "last name": "Example",
    "company": "Example Heating",
    "email": "ada@example.com",
    "email status": "Verified",
    "mobile phone": "+15555550123",
    "# employees": "12",
    "city": "Denver",
    "state": "CO",
    "country": "United States",
}
ADA_CONSENTS = [
    {"email": "ada@example.com", "channel": "sms", "consent_type": "opt_in", "given_on": "2026-09-20"},
    {"email": "ada@example.com", "channel": "call", "consent_type": "written", "given_on": "2026-09-20"},
]
ADA_ID = "email:ada@example.com"


def world_of(rows: Iterable[dict[str, str]], consents: Iterable[dict[str, str]] = (), seed: int = 1) -> World:
    """A world of these rows at the ordinary rates."""
    return World.build(rows, consents, RATES, seed)


def ada_world(seed: int = 1, **changes: str) -> World:
    """A world with Ada alone, who agreed to calls and texts."""
    return world_of([ADA | changes], ADA_CONSENTS, seed)


def ada(world: World) -> Person:
    """Ada herself."""
    return world.people[ADA_ID]


def crowd(column: str, size: int, staff: str = "12") -> World:
    """Many people in Chicago who differ only in name and number."""
    rows = [
        {
            "first name": f"P{n}",
            "email": f"p{n}@c{n}.example",
            "company": f"C{n}",
            "email status": "Verified",
            "# employees": staff,
            "city": "Chicago",
            "state": "IL",
            column: f"+1312{2_000_000 + n}",
        }
        for n in range(size)
    ]
    return world_of(rows)
