"""Small worlds: a few people, the providers' wire before them, and the loop, within milliseconds.

What the demo does with its files, these do with rows made here, through the same builder.
"""

from __future__ import annotations

import csv
import dataclasses
import io
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row

from functions import slots, stages
from shared.providers.registry import Providers
from shared.report import StageReport
from shared.state import State
from shared.state.transport import Transport
from simulator.days import Days, days_in, local, nothing
from simulator.demo import ZONE, Inbox, Lists, credentials, demo_settings, take_in
from simulator.faults import Faults as FaultsOfARun
from simulator.faults import read_entries
from simulator.faults.verdicts import Verdict
from simulator.truth import Truth
from simulator.violations import violations
from simulator.wire.backstage import Fault
from simulator.wire.http import Request
from simulator.wire.server import no_fault
from simulator.world import Rates, World

Row = dict[str, str]

THURSDAY = date(2026, 10, 8)
CITIES = {"NY": ("New York", "212"), "IL": ("Chicago", "312"), "CO": ("Denver", "303")}
WORDING = "Please call and text me with offers, also by an artificial voice."

_ORDINARY = Rates.load().model_dump()
_SURE = {
    **{"mobile": {"mobile": 1.0}, "direct": {"landline": 1.0}, "main": {"landline": 1.0}},
    **{"other": {"landline": 1.0}, "unknown_share": 0.0, "main_line_staff": 50},
}
_NOBODY = dict.fromkeys(("invalid", "human", "voicemail", "gatekeeper", "busy", "carrier_blocked"), 0.0)
_NEVER = {"propensity": (0.001, 1000.0)}
_TABLES = frozenset(
    ["calls", "segments", "main_line", "direct", "switchboard", "emails", "texts", "bad_address", "by_staff"]
)
_QUIET: dict[str, Any] = {
    "lines": _SURE,
    "calls": {
        "segments": {
            name: _NOBODY | _NEVER | {"no_answer": 1.0} for name in ("main_line", "direct", "switchboard")
        }
    },
    "emails": {
        **dict.fromkeys(("reply_per_person", "out_of_office", "transient_bounce", "delayed"), 0.0),
        **dict.fromkeys(("human_open", "machine_open", "machine_click", "unsubscribe", "complaint"), 0.0),
        **{"human_open": 1e-9, "books_when_positive": 0.0, "books_when_clicked": 0.0},
        "bad_address": {"verified": 0.0, "other": 0.0},
    },
    "texts": {
        **{"delivered": 1.0, "reply": 0.0, "books_when_positive": 0.0},
        **{"opt_out": 0.0, "opt_out_without_consent": 0.0},
    },
}


def rates(**changes: Mapping[str, Any]) -> Rates:
    """A world in which everything arrives and nobody reacts, with these tables changed."""
    quiet = _merged(_ORDINARY, _QUIET)
    return Rates.model_validate(_merged(quiet, changes))


def _merged(table: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Tables of tables are merged; shares, which must add up, are replaced as a whole."""
    merged = dict(table)
    for name, value in changes.items():
        merged[name] = _merged(merged[name], value) if name in _TABLES else value
    return merged


def people(count: int, *, state: str = "NY", phone: str = "", first: int = 0) -> list[Row]:
    """People of as many companies. `phone` is the column of their number, none by default.

    In New York, which is opted in, a corporate phone may be called; nowhere may a mobile without consent.
    """
    return [person(number, state=state, phone=phone) for number in range(first, first + count)]


def person(number: int, *, state: str = "NY", phone: str = "", company: int | None = None) -> Row:
    """One person; those with the same `company` are colleagues."""
    city, area = CITIES[state]
    firm = number if company is None else company
    row = {
        "first name": f"Pat{number}",
        "last name": f"Example{number}",
        "company": f"Example Heating {firm} Inc",
        "website": f"https://heating{firm}.example",
        "email": f"pat{number}@heating{firm}.example",
        "email status": "Verified",
        "# employees": "12",
        **{"city": city, "state": state, "country": "United States"},
        **dict.fromkeys(("mobile phone", "corporate phone"), ""),
    }
    return row | ({phone: f"+1{area}55501{number:02d}"} if phone else {})


def consent(row: Row, channel: str, *, given: date = date(2026, 10, 1)) -> Row:
    """A written consent of this person to one channel."""
    number = row["mobile phone"] or row["corporate phone"]
    return {
        "email": row["email"],
        "phone": "" if channel == "email" else number,
        "channel": channel,
        "consent_type": "written",
        "scope": "marketing",
        "given_on": given.isoformat(),
        "source": "form",
        "wording": WORDING,
    }


def lists(rows: Sequence[Row], consents: Sequence[Row] = ()) -> Lists:
    """The owner's files of these people; all numbers were scrubbed and none is listed."""
    numbers = sorted({row[c] for row in rows for c in ("mobile phone", "corporate phone") if row[c]})
    scrub = [{"phone": n, "scrubbed_on": "2026-10-03", "listed": "no"} for n in numbers or ["+12125550199"]]
    given = consents or [consent(person(99, phone="mobile phone"), "sms")]
    return Lists(_csv(rows), _csv(given), _csv(scrub))


def _csv(rows: Sequence[Row]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


class Faults:
    """Answers each request to one operation with the next of these verdicts, then lets all through."""

    def __init__(self, point: str, *verdicts: str | None) -> None:
        self._point = point
        self._verdicts = list(verdicts)
        self.asked = 0

    def __call__(self, point: str, _: Request) -> str | None:
        if point != self._point:
            return None
        self.asked += 1
        return self._verdicts.pop(0) if self._verdicts else None


@dataclass
class Stand:
    """One small world at work. `fault` is asked before each request to a provider, as in `WireServer`."""

    days: Days
    world: World
    inbox: Inbox
    dsn: str
    injected: Truth
    fault: Fault = no_fault

    def look(self, point: str, request: Request) -> Verdict | None:
        """See every request first, then the fault."""
        self.inbox.look(point, request)
        return self.fault(point, request)

    def until(self, hour: int, minute: int = 0, *, day: date = THURSDAY) -> None:
        """Live until that moment of the owner's wall clock, with every stage at its slots."""
        self.days.run(at(hour, minute, day=day))

    def skip_to(self, hour: int, minute: int = 0, *, day: date = THURSDAY) -> None:
        """The same without any stage: webhooks come in, nothing is planned or sent."""
        self.days.run(at(hour, minute, day=day), nothing)

    def fire(self, name: str) -> StageReport:
        """Move to the next slot of a stage and run it."""
        stage = stages.get(name)
        self.days.move_to(slots.next_slot(stage, self.days.clock.now, ZONE))
        return self.days.fire(name)

    def plan(self) -> StageReport:
        """The morning's plan, ready for the first tick."""
        return self.fire("daily_executor")

    def tick(self) -> StageReport:
        """The next tick."""
        return self.fire("outreach_tick")

    def wrap(self, transport: Callable[[Transport], Transport]) -> None:
        """Put something between the loop and its database from now on."""
        loop = self.days.loop
        state = State(transport(loop.state.transport), loop.settings.installation_id)
        self.days.loop = dataclasses.replace(loop, state=state)

    def configure(self, **settings: object) -> None:
        """Change settings of the loop, as a new deployment would."""
        loop = self.days.loop
        changed = loop.settings.model_copy(update=settings)
        self.days.loop = dataclasses.replace(loop, settings=changed, providers=Providers(changed))

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        """What is in the database, as its owner sees it."""
        with psycopg.connect(self.dsn, row_factory=dict_row) as connection:
            return connection.execute(query, values).fetchall()  # type: ignore[call-overload,no-any-return,unused-ignore]

    def touches(self) -> list[dict[str, Any]]:
        """Every touch in its natural order: who, which step, and how it stands."""
        return self.rows(
            "select l.email, t.step, t.attempt, t.channel, t.day, d.state, d.code, d.due_at, d.submitted_at,"
            " d.try, t.sender_id, t.disposition, d.id, d.provider_id"
            " from touches t join deliveries d on d.id = t.id join leads l on l.id = t.lead_id"
            " order by l.email, t.step, t.attempt, t.id"
        )

    def states(self, channel: str) -> Counter[tuple[str, str | None]]:
        """How many touches of a channel stand in which state, with which code."""
        return Counter((t["state"], t["code"]) for t in self.touches() if t["channel"] == channel)

    def references(self) -> Counter[str]:
        """How often the wire accepted each touch."""
        contacts = self.days.wire.record.contacts
        return Counter(each.reference or "" for each in contacts if each.person)

    def sent(self, channel: str) -> list[str]:
        """To whom the wire accepted a contact on this channel, in order of time."""
        return [each.to for each in self.days.wire.record.contacts if each.channel == channel and each.person]

    def violations(self) -> dict[str, int]:
        """What the judge says."""
        return violations(self.days.wire.record, self.world)


def at(hour: int, minute: int = 0, *, day: date = THURSDAY) -> datetime:
    """An instant on the owner's wall clock."""
    return local(day, hour, minute, ZONE)


@contextmanager
def stand(
    dsn: str,
    rows: Sequence[Row],
    consents: Sequence[Row] = (),
    *,
    truth: Rates | None = None,
    start: datetime | None = None,
    live: bool = True,
    seed: int = 1,
    faults: Sequence[Mapping[str, object]] = (),
) -> Iterator[Stand]:
    """A world of these people on a migrated database, five minutes before the first morning's plan.

    `faults` are entries as in a world's file; what they did stands in `injected`.
    """
    world = World.build(rows, consents, truth or rates(), seed)
    inbox = Inbox()
    found: list[Stand] = []
    begin, injected = start or at(8) - timedelta(minutes=5), Truth("stand", seed)
    broken = FaultsOfARun(read_entries(faults, "stand"), injected, start=begin, zone=ZONE)
    files = lists(rows, consents)
    with days_in(
        world,
        dsn,
        begin,
        lambda urls: demo_settings(urls, seed),
        credentials=credentials(),
        fault=lambda point, request: found[0].look(point, request),
        faults=broken,
    ) as days:
        found.append(Stand(days, world, inbox, dsn, injected))
        take_in(days.loop, dataclasses.replace(files, leads=broken.lists.spoiled(files.leads)))
        if live:
            days.loop.state.live.turn_on(app="growthloop", actor="owner")
        yield found[0]


@contextmanager
def morning(dsn: str, rows: Sequence[Row], consents: Sequence[Row] = ()) -> Iterator[Stand]:
    """A planned day of such a world, a moment before its first tick."""
    with stand(dsn, rows, consents) as here:
        assert here.plan().status == "ok"
        yield here
