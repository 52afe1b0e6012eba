"""The leads of a world as its owner gets them: files on certain mornings, with consents and scrub results.

Drawn from the world's seed. Everybody is made up: numbers are of exchange 555, domains end in .example. The
files are clean; how untidy ones are taken in is the demo's matter.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from simulator.leads import columns
from simulator.leads.generate import Row, slug
from simulator.world.dice import dice, pick
from simulator.world.places import PLACES, STATE_NAMES, Place, region_of
from simulator.world.population import Row as ReadRow
from simulator.worlds.file import WorldFile

WORKDAYS, WEEK = 5, 7
STAFF = {
    size: tuple(n for n in columns.STAFF if low <= n <= high)
    for size, low, high in (("small", 1, 50), ("middle", 51, 200), ("large", 201, 9999))
}
TRADES = {name: (industry, keywords) for name, industry, keywords in columns.TRADES}
HOME = tuple(place for place in PLACES if place.country == "United States")
BY_REGION = {
    region: tuple(place for place in HOME if region_of(place.zone) == region)
    for region in ("eastern", "central", "mountain", "pacific", "hawaii")
}
FRESH_DAYS, STALE_DAYS = (1, 15), (90, 400)


@dataclass(frozen=True)
class Arrival:
    """What the owner imports one morning: a lead file per source, then consents and scrub results."""

    day: date
    leads: Mapping[str, tuple[Row, ...]]
    consents: tuple[Row, ...]
    scrub: tuple[Row, ...]

    def files(self) -> Iterator[tuple[str, bytes]]:
        """(source, bytes of a lead file), in the order of sources."""
        for source, rows in sorted(self.leads.items()):
            yield source, as_csv(columns.LEADS, rows)

    @property
    def consent_file(self) -> bytes | None:
        """The consents, None when nobody gave any."""
        return as_csv(columns.CONSENTS, self.consents) if self.consents else None

    @property
    def scrub_file(self) -> bytes | None:
        """What the scrub found, None when nothing was scrubbed."""
        return as_csv(columns.SCRUB, self.scrub) if self.scrub else None


def as_csv(names: tuple[str, ...], rows: tuple[Row, ...]) -> bytes:
    """Rows as a spreadsheet program writes them."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, names, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def arrivals(world: WorldFile, seed: int, days: int) -> tuple[Arrival, ...]:
    """Everything that comes in within so many days, in order of time."""
    registry = Registry()
    return tuple(_arrival(world, seed, day, count, registry) for day, count in mornings(world, days))


def mornings(world: WorldFile, days: int) -> Iterator[tuple[date, int]]:
    """(day, how many leads): each Monday a week's, or a fifth of them each working day."""
    for n in range(days):
        day = world.first_day + timedelta(days=n)
        weekday = day.weekday()
        if world.leads.arrive == "weekly" and weekday == 0:
            yield day, world.leads.per_week
        elif world.leads.arrive == "daily" and weekday < WORKDAYS:
            whole = world.leads.per_week
            yield day, whole * (weekday + 1) // WORKDAYS - whole * weekday // WORKDAYS


def everybody(all_arrivals: tuple[Arrival, ...]) -> tuple[list[ReadRow], list[ReadRow]]:
    """All lead and consent rows with the lower-case column names a world is built from."""
    leads = [row for each in all_arrivals for rows in each.leads.values() for row in rows]
    consents = [row for each in all_arrivals for row in each.consents]
    return [_lower(row) for row in leads], [_lower(row) for row in consents]


def _lower(row: Row) -> Row:
    return {name.casefold(): value for name, value in row.items()}


@dataclass
class Registry:
    """What was handed out: numbers by area code, and companies by name. Nothing is handed out twice."""

    numbers: dict[str, int] = field(default_factory=dict)
    companies: dict[str, int] = field(default_factory=dict)

    def number(self, place: Place) -> str:
        """The next number of a place. Raises `IndexError` when its exchange 555 is used up."""
        line = self.numbers.get(place.area, 100)
        if line > 9999:
            raise IndexError(f"area code {place.area} is used up: this world has too many leads")
        self.numbers[place.area] = line + 1
        return f"+1{place.area}555{line:04}"

    def company(self, name: str) -> str:
        """The name, with a number from the second company of that name on."""
        times = self.companies[name] = self.companies.get(name, 0) + 1
        return name if times == 1 else f"{name} {times}"


@dataclass(frozen=True)
class Company:
    """A company: where it is, and what its columns say."""

    place: Place
    row: Row


def _arrival(world: WorldFile, seed: int, day: date, count: int, registry: Registry) -> Arrival:
    roll = dice(seed, "arrival", day)
    people = list(_people(world, roll, day, count, registry))
    leads: dict[str, list[Row]] = {}
    for person in people:
        leads.setdefault(person["Lists"], []).append(person)
    return Arrival(
        day,
        {source: tuple(rows) for source, rows in leads.items()},
        tuple(row for person in people for row in _consents(world, roll, person, day)),
        tuple(_scrub(world, roll, people, day)),
    )


def _people(world: WorldFile, roll: Random, day: date, count: int, registry: Registry) -> Iterator[Row]:
    """Colleagues have different first names: it is all that a call's words say of who is meant."""
    company, taken = None, set[str]()
    for _ in range(count):
        name = roll.choice(columns.FIRST_NAMES), roll.choice(columns.LAST_NAMES)
        if company is None or roll.random() >= world.leads.colleagues or name[0] in taken:
            company, taken = _company(world, roll, day, name[1], registry), set()
        taken.add(name[0])
        yield _person(world, roll, company, name, registry)


def regions_on(world: WorldFile, day: date) -> dict[str, float]:
    """Shares of regions among the leads of a day."""
    now, later = world.leads.regions, world.leads.regions_later
    if later is None:
        return now
    turned = min(1.0, (day - world.first_day).days / (world.leads.turn_weeks * WEEK))
    names = sorted(now | later)
    return {name: now.get(name, 0) * (1 - turned) + later.get(name, 0) * turned for name in names}


def _company(world: WorldFile, roll: Random, day: date, last: str, registry: Registry) -> Company:
    place = roll.choice(BY_REGION[pick(roll, regions_on(world, day))])
    trade = pick(roll, world.leads.trades)
    industry, keywords = TRADES[trade]
    name = registry.company(f"{last} {trade} {place.city}")
    domain = f"{slug(name)}.example"
    row = {
        "Company": name,
        "Company Name for Emails": name,
        "# Employees": str(roll.choice(STAFF[pick(roll, world.leads.staff)])),
        "Industry": industry,
        "Keywords": keywords,
        "Website": f"https://www.{domain}",
        "Company City": place.city,
        "Company State": STATE_NAMES[place.state],
        "Company Country": place.country,
        "Company Phone": registry.number(place) if roll.random() < world.leads.main else "",
        "Lists": pick(roll, world.leads.sources),
        "Hiring": "yes" if roll.random() < world.leads.intent else "",
        "Recently Funded": "true" if roll.random() < world.leads.intent / 4 else "",
    }
    return Company(place, row)


def _person(
    world: WorldFile, roll: Random, company: Company, name: tuple[str, str], numbers: Registry
) -> Row:
    first, last = name
    place, leads = company.place, world.leads
    title, seniority, department = roll.choice(columns.TITLES)
    domain = company.row["Website"].removeprefix("https://www.")
    address = f"{slug(first)}.{slug(last)}.{roll.randint(100, 999)}@{domain}"
    return {
        **company.row,
        "First Name": first,
        "Last Name": last,
        "Title": title,
        "Seniority": seniority,
        "Departments": department,
        "Email": address if roll.random() < leads.email else "",
        "Email Status": "Verified" if roll.random() < leads.verified else "Unverified",
        "Mobile Phone": numbers.number(place) if roll.random() < leads.mobile else "",
        "Work Direct Phone": numbers.number(place) if roll.random() < leads.direct else "",
        "Corporate Phone": company.row["Company Phone"],
        "City": place.city,
        "State": STATE_NAMES[place.state],
        "Country": place.country,
    }


def _consents(world: WorldFile, roll: Random, person: Row, day: date) -> Iterator[Row]:
    """What somebody with a mobile agreed to."""
    shares = (("call", "written", world.consents.call), ("sms", "opt_in", world.consents.sms))
    for channel, kind, share in shares:
        given, stale = roll.random() < share, roll.random() < world.consents.stale
        age = roll.randint(*(STALE_DAYS if stale else FRESH_DAYS))
        if given and person["Mobile Phone"]:
            yield _consent(person, channel, kind, day - timedelta(days=age))


def _consent(person: Row, channel: str, kind: str, given_on: date) -> Row:
    return {
        "email": person["Email"],
        "phone": person["Mobile Phone"],
        "channel": channel,
        "consent_type": kind,
        "scope": "marketing",
        "given_on": given_on.isoformat(),
        "source": "website form",
        "wording": columns.WORDING[channel],
    }


def _scrub(world: WorldFile, roll: Random, people: list[Row], day: date) -> Iterator[Row]:
    names = ("Mobile Phone", "Work Direct Phone", "Corporate Phone")
    numbers = dict.fromkeys(person[name] for person in people for name in names if person[name])
    for number in numbers:
        done, stale, listed = roll.random(), roll.random(), roll.random()
        if done < world.scrub.done:
            age = roll.randint(40, 120) if stale < world.scrub.stale else 2
            yield {
                "phone": number,
                "scrubbed_on": (day - timedelta(days=age)).isoformat(),
                "listed": "yes" if listed < world.scrub.listed else "no",
            }
