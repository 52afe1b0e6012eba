"""Makes the demo files: one seed, always the same bytes.

    python -m simulator.leads.generate

Everybody in them is made up: numbers are 555-0100 to 555-0199 of real area codes, domains end in .example.
The files are as untidy as real exports, on purpose. Dates are counted back from `AS_OF`, the first day of
the demo; the files suit any run that begins there.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from random import Random

from simulator.leads import CONSENTS, DEMO, SCRUB, columns
from simulator.leads.mess import untidy
from simulator.world.places import PLACES, STATE_NAMES, Place

SEED = 7
PEOPLE = 330
AS_OF = date(2026, 10, 5)
OPTED_IN_STATES = ("AZ", "CO", "GA", "IL", "NC", "NY", "OH", "TN")
"""States for whose company lines the demo's owner opted in."""


Row = dict[str, str]


@dataclass(frozen=True)
class Lead:
    """Somebody in the file, before the file is made untidy."""

    place: Place
    row: Row
    phones: Mapping[str, str]

    @property
    def email(self) -> str:
        """The address as it would be typed."""
        return self.row["Email"]


@dataclass
class Numbers:
    """Hands out numbers that occur once: 100 to each area code."""

    used: Counter[str] = field(default_factory=Counter)

    def take(self, place: Place) -> str:
        """The next number of a place, in E.164.

        Raises `IndexError` when an area code is used up.
        """
        if place.country == "United Kingdom":
            self.used["44"] += 1
            return f"+442079460{self.used['44']:03}"
        line = self.used[place.area]
        if line > 99:
            raise IndexError(f"area code {place.area} is used up")
        self.used[place.area] += 1
        return f"+1{place.area}55501{line:02}"


@dataclass(frozen=True)
class Files:
    """The three files as text."""

    leads: str
    consents: str
    scrub: str


def generate(seed: int = SEED, as_of: date = AS_OF) -> Files:
    """The demo files for a first day."""
    roll = Random(f"leads {seed}")
    people = list(_people(roll))
    rows = untidy(roll, [lead.row for lead in people])
    return Files(
        leads=_csv(columns.LEADS, rows),
        consents=_csv(columns.CONSENTS, _consents(roll, people, as_of)),
        scrub=_csv(columns.SCRUB, _scrub(roll, people, as_of)),
    )


def write(files: Files) -> None:
    """Put the files where the demo finds them."""
    for path, text in ((DEMO, files.leads), (CONSENTS, files.consents), (SCRUB, files.scrub)):
        Path(path).write_bytes(text.encode())


def _csv(names: tuple[str, ...], rows: list[Row]) -> str:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, names, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _people(roll: Random) -> Iterator[Lead]:
    numbers = Numbers()
    names = [(first, last) for first in columns.FIRST_NAMES for last in columns.LAST_NAMES]
    roll.shuffle(names)
    colleagues: tuple[Place, Row] | None = None
    for place, (first, last) in zip(_places(roll), names, strict=False):
        shared = colleagues if colleagues and roll.random() < 0.5 else None
        where, company = shared or (place, _company(roll, place, last, numbers))
        yield _lead(roll, where, company, (first, last), numbers)
        colleagues = (where, company) if shared is None and roll.random() < 0.08 else None


def _places(roll: Random) -> list[Place]:
    """Each place some times, those of states whose owners opted in more often, foreign ones once."""
    home = [place for place in PLACES if place.country == "United States"]
    abroad = [place for place in PLACES if place.country != "United States"]
    weights = [3.0 if place.state in OPTED_IN_STATES else 1.4 for place in home]
    wanted = home + abroad + roll.choices(home, weights, k=PEOPLE - len(PLACES))
    roll.shuffle(wanted)
    return wanted


def slug(text: str) -> str:
    """Plain letters for addresses."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return "".join(letter for letter in plain if letter.isalnum())


def _company(roll: Random, place: Place, last: str, numbers: Numbers) -> Row:
    trade, industry, keywords = roll.choice(columns.TRADES)
    short = f"{roll.choice((last, place.city))} {trade}"
    staff = roll.choice(columns.STAFF)
    domain = f"{slug(short)}{roll.randint(10, 99)}.example"
    row = {
        "Company": short + roll.choice(("", "", ", Inc.", " LLC", " Co.")),
        "Company Name for Emails": short,
        "# Employees": str(staff),
        "Industry": industry,
        "Keywords": keywords,
        "Website": f"https://www.{domain}",
        "Company Address": f"{roll.randint(10, 9900)} Example Street, {place.city}, {place.state}",
        "Company City": place.city,
        "Company State": STATE_NAMES.get(place.state, place.state),
        "Company Country": place.country,
        "Company Postal Code": place.postal if roll.random() < 0.4 else "",
        "Company Phone": numbers.take(place) if roll.random() < 0.82 else "",
        "Technologies": roll.choice(("", "WordPress.org, Google Analytics", "Gmail, QuickBooks", "Outlook")),
        "Annual Revenue": str(staff * roll.randint(80, 190) * 1000),
        "Apollo Account Id": f"acc{roll.getrandbits(40):010x}",
    }
    return row | _signals(roll)


def _signals(roll: Random) -> Row:
    funded = roll.random() < 0.06
    return {
        "Recently Funded": "true" if funded else "",
        "Latest Funding": "Seed" if funded else "",
        "Hiring": roll.choice(("2 open roles", "yes")) if roll.random() < 0.18 else "",
        "Leadership Change": "yes" if roll.random() < 0.05 else "",
        "Product Launch": "yes" if roll.random() < 0.05 else "",
        "Site Activity": str(roll.randint(1, 9)) if roll.random() < 0.12 else "",
    }


def _lead(roll: Random, place: Place, company: Row, name: tuple[str, str], numbers: Numbers) -> Lead:
    first, last = name
    title, seniority, department = roll.choice(columns.TITLES)
    phones = {
        "Mobile Phone": numbers.take(place) if roll.random() < 0.46 else "",
        "Work Direct Phone": numbers.take(place) if roll.random() < 0.34 else "",
        "Home Phone": numbers.take(place) if roll.random() < 0.04 else "",
        "Other Phone": numbers.take(place) if roll.random() < 0.06 else "",
        "Corporate Phone": company["Company Phone"],
    }
    domain = company["Website"].removeprefix("https://www.")
    state = STATE_NAMES.get(place.state, place.state)
    row = {
        **company,
        "First Name": first,
        "Last Name": last,
        "Title": title,
        "Email": "" if roll.random() < 0.07 else f"{slug(first)}.{slug(last)}@{domain}",
        "Email Status": roll.choice(columns.STATUSES),
        "Primary Email Source": "Apollo",
        "Seniority": seniority,
        "Departments": department,
        "Stage": "Cold",
        "Lists": "Example list",
        "Person Linkedin Url": f"https://www.linkedin.example/in/{slug(first)}-{slug(last)}",
        "City": place.city,
        "State": place.state if roll.random() < 0.4 else state,
        "Country": place.country,
        "Apollo Contact Id": f"con{roll.getrandbits(40):010x}",
        **phones,
    }
    return Lead(place, row, {column: number for column, number in phones.items() if number})


def _consents(roll: Random, people: list[Lead], as_of: date) -> list[Row]:
    rows = []
    for lead in people:
        mobile, dice = lead.phones.get("Mobile Phone", ""), roll.random()
        if mobile and dice < 0.42:
            rows.append(_consent(roll, lead, mobile, "call", "written", as_of, stale=dice > 0.34))
        if mobile and roll.random() < 0.48:
            rows.append(_consent(roll, lead, mobile, "sms", "opt_in", as_of, stale=roll.random() < 0.12))
        if lead.phones.get("Work Direct Phone") and roll.random() < 0.06:
            number = lead.phones["Work Direct Phone"]
            rows.append(_consent(roll, lead, number, "call", "oral", as_of, stale=False))
        if lead.email and roll.random() < 0.05:
            rows.append(_consent(roll, lead, "", "email", "opt_in", as_of, stale=False))
    return [*rows, dict(rows[0]), {**rows[1], "given_on": "last spring"}, _unmatched(as_of)]


def _consent(
    roll: Random, lead: Lead, number: str, channel: str, kind: str, as_of: date, *, stale: bool
) -> Row:
    age = roll.randint(90, 400) if stale else roll.randint(1, 15)
    return {
        "email": lead.email,
        "phone": number,
        "channel": channel,
        "consent_type": kind,
        "scope": "marketing",
        "given_on": (as_of - timedelta(days=age)).isoformat(),
        "source": roll.choice(("website form", "trade show card", "service agreement")),
        "wording": columns.WORDING[channel],
    }


def _unmatched(as_of: date) -> Row:
    """A consent of somebody who is not in the lead file."""
    return {
        "email": "nobody@unlisted.example",
        "phone": "",
        "channel": "email",
        "consent_type": "opt_in",
        "scope": "marketing",
        "given_on": (as_of - timedelta(days=3)).isoformat(),
        "source": "website form",
        "wording": columns.WORDING["email"],
    }


def _scrub(roll: Random, people: list[Lead], as_of: date) -> list[Row]:
    """Most numbers were checked lately, some long ago, some never; a few are on the list."""
    numbers = dict.fromkeys(number for lead in people for number in lead.phones.values())
    rows = []
    for number in numbers:
        dice, listed = roll.random(), roll.random() < 0.04
        if dice < 0.05 or not number.startswith("+1"):
            continue
        day = as_of - timedelta(days=roll.randint(40, 120) if dice < 0.11 else 2)
        rows.append({"phone": number, "scrubbed_on": day.isoformat(), "listed": "yes" if listed else "no"})
    return rows


if __name__ == "__main__":
    write(generate())
