"""A world: the people of a lead file, found by the addresses they can be reached at."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import phonenumbers

from simulator.truth import Planted
from simulator.world.dice import dice, pick
from simulator.world.effects import Meeting
from simulator.world.features import Said
from simulator.world.people import (
    Column,
    Consent,
    Person,
    PhoneTruth,
    answer_propensity,
    true_phone,
    true_zone,
)
from simulator.world.places import state_code, zones_of
from simulator.world.rates import Rates

Row = Mapping[str, str]

PHONE_COLUMNS: tuple[tuple[str, Column], ...] = (
    ("mobile phone", "mobile"),
    ("work direct phone", "direct"),
    ("home phone", "other"),
    ("other phone", "other"),
    ("corporate phone", "main"),
    ("company phone", "main"),
    ("phone", "main"),
)
DEFAULT_STAFF = 20
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
FACTS = dict.fromkeys(
    (
        "the new shop you opened in spring",
        "your two vans with the blue lettering",
        "the award of your chamber of commerce",
        "your emergency line at night",
        "the apprentice you took on last year",
        "your twenty years in the trade",
    ),
    1.0,
)
NANP = re.compile(r"^\+1[2-9]\d{2}[2-9]\d{6}$")
REGIONS = {"canada": "CA", "united kingdom": "GB", "uk": "GB", "great britain": "GB"}


@dataclass(frozen=True)
class World:
    """Everybody who can be contacted. Frozen: what happens to them is in the record.

    `people` is by identity, `lines` the truth of every number, both the same for every order of rows.
    `planted` are the effects beyond base rates; their days are counted from `began`.
    """

    seed: int
    rates: Rates
    people: Mapping[str, Person]
    lines: Mapping[str, PhoneTruth]
    _by_phone: Mapping[str, tuple[str, ...]]
    _by_email: Mapping[str, str]
    planted: tuple[Planted, ...] = ()
    began: datetime = LONG_AGO

    @classmethod
    def from_files(cls, leads: Path, consents: Path, rates: Rates, seed: int) -> World:
        """Build the world of a lead file (Apollo's column names) and its consents.

        Rows that no one could be reached by are left out; rows about one person become one.
        """
        return cls.build(read_rows(leads), read_rows(consents), rates, seed)

    @classmethod
    def build(
        cls,
        leads: Iterable[Row],
        consents: Iterable[Row],
        rates: Rates,
        seed: int,
        *,
        planted: tuple[Planted, ...] = (),
        began: datetime = LONG_AGO,
    ) -> World:
        """The same from rows with lower-case column names."""
        groups = _group([row for row in leads if any(row.values())])
        given = _consents(consents)
        people = {name: _person(seed, rates, name, rows, given) for name, rows in groups.items()}
        by_phone: defaultdict[str, list[str]] = defaultdict(list)
        for person in people.values():
            for number in person.phones:
                by_phone[number].append(person.identity)
        return cls(
            seed=seed,
            rates=rates,
            people=people,
            lines={number: phone for p in people.values() for number, phone in p.phones.items()},
            _by_phone={number: tuple(names) for number, names in by_phone.items()},
            _by_email={email: p.identity for p in people.values() for email in p.emails},
            planted=planted,
            began=began,
        )

    def at_phone(self, number: str, hint: str = "") -> Person | None:
        """Who is reached at this number; `hint`, words of the request, decides between colleagues."""
        found = [self.people[name] for name in self._by_phone.get(number, ())]
        named = [person for person in found if _is_named(person.first_name, hint)] if len(found) > 1 else []
        return next(iter(named or found), None)

    def at_email(self, address: str) -> Person | None:
        """Who reads this address."""
        name = self._by_email.get(address.strip().casefold())
        return self.people[name] if name else None

    def phone(self, number: str) -> PhoneTruth | None:
        """The truth about a number of this world."""
        return self.lines.get(number)

    def meeting(self, person: Person, at: datetime, said: Said, phone: PhoneTruth | None = None) -> Meeting:
        """One contact as planted effects see it."""
        return Meeting(person, at, said, self.began, phone)

    def answers(self, person: Person, phone: PhoneTruth) -> float:
        """The chance that a human picks up this line, before hour, day and region."""
        return answer_propensity(self.seed, self.rates, person.identity, phone)


def _is_named(first_name: str, words: str) -> bool:
    """Whether the name stands there as a word: Ida is not in Florida."""
    return bool(first_name and re.search(rf"(?<!\w){re.escape(first_name)}(?!\w)", words, re.IGNORECASE))


def read_rows(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file with stripped cells and lower-case column names."""
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return [
        {key.strip().casefold(): (value or "").strip() for key, value in row.items() if isinstance(key, str)}
        for row in csv.DictReader(io.StringIO(text, newline=""))
    ]


def e164(text: str, country: str = "") -> str | None:
    """A number as the network knows it, or None when it is none."""
    region = REGIONS.get(country.strip().casefold(), "US")
    try:
        parsed = phonenumbers.parse(text.strip().lstrip("'"), region)
    except phonenumbers.NumberParseException:
        return None
    number = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    american = parsed.country_code == 1
    return (
        number if NANP.match(number) or (not american and phonenumbers.is_possible_number(parsed)) else None
    )


def _emails(rows: Iterable[Row]) -> tuple[str, ...]:
    found = (row.get("email", "").casefold() for row in rows)
    return tuple(sorted({email for email in found if _plausible(email)}))


def _plausible(email: str) -> bool:
    name, _, domain = email.partition("@")
    return bool(name) and "." in domain.strip(".") and " " not in email and "@" not in domain


def _numbers(row: Row) -> dict[str, Column]:
    found: dict[str, Column] = {}
    for column, sort in PHONE_COLUMNS:
        number = e164(row.get(column, ""), row.get("country", "")) if row.get(column) else None
        if number:
            found.setdefault(number, sort)
    return found


def _keys(row: Row) -> list[str]:
    """What makes two rows one person, the best name for it first."""
    name = f"{row.get('first name', '')} {row.get('last name', '')}".strip().casefold()
    company = (row.get("company") or row.get("company name") or "").casefold()
    keys = [f"email:{email}" for email in _emails([row])]
    if name and company:
        keys.append(f"name:{name}|{company}")
    keys += [f"phone:{number}|{name}" for number in sorted(_numbers(row))]
    return keys


def _group(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Rows by person; a person is named by the least of all keys, whatever the order of rows."""
    parent: dict[str, str] = {}

    def root(key: str) -> str:
        while parent.setdefault(key, key) != key:
            key = parent[key]
        return key

    reachable = [(row, keys) for row in rows if (keys := _keys(row))]
    for _, keys in reachable:
        least, *others = sorted(root(key) for key in keys)
        for other in others:
            parent[other] = least
    groups: defaultdict[str, list[Row]] = defaultdict(list)
    for row, keys in reachable:
        groups[root(keys[0])].append(row)
    return {name: sorted(groups[name], key=lambda row: sorted(row.items())) for name in sorted(groups)}


def _consents(rows: Iterable[Row]) -> dict[str, list[Consent]]:
    given: defaultdict[str, list[Consent]] = defaultdict(list)
    for row in rows:
        try:
            day = date.fromisoformat(row.get("given_on", ""))
        except ValueError:
            continue
        consent = Consent(row.get("channel", ""), row.get("consent_type", ""), day)
        for address in (row.get("email", "").casefold(), e164(row.get("phone", "")) or ""):
            if address:
                given[address].append(consent)
    return given


def _first(rows: Iterable[Row], *columns: str) -> str:
    return next((row[c] for row in rows for c in columns if row.get(c)), "")


def _staff(rows: Iterable[Row]) -> int:
    digits = "".join(c for c in _first(rows, "# employees", "employees") if c.isdigit())
    return int(digits) if digits else DEFAULT_STAFF


def _address(rows: list[Row]) -> tuple[str, str, str]:
    """City, state and country of the first row that tells a state, the person's own before the firm's."""
    for prefix in ("", "company "):
        for row in rows:
            if row.get(f"{prefix}state"):
                city, state = row.get(f"{prefix}city", ""), row[f"{prefix}state"]
                return city, state_code(state), row.get(f"{prefix}country", "")
    return "", "", _first(rows, "country", "company country")


def _person(
    seed: int, rates: Rates, identity: str, rows: list[Row], given: Mapping[str, list[Consent]]
) -> Person:
    city, state, country = _address(rows)
    staff = _staff(rows)
    numbers: dict[str, Column] = {}
    for row in rows:
        numbers = _numbers(row) | numbers
    phones = {n: true_phone(seed, rates, n, numbers[n], staff) for n in sorted(numbers)}
    emails = _emails(rows)
    verified = any(row.get("email status", "").casefold() == "verified" for row in rows)
    bad = rates.emails.bad_address.verified if verified else rates.emails.bad_address.other
    traits = dice(seed, "traits", identity)
    return Person(
        identity=identity,
        first_name=_first(rows, "first name"),
        last_name=_first(rows, "last name"),
        industry=_first(rows, "industry").casefold(),
        source=_first(rows, "lists").casefold(),
        fact=pick(dice(seed, "fact", identity), FACTS),
        company=_first(rows, "company name for emails", "company", "company name"),
        staff=staff,
        city=city,
        state=state,
        country=country,
        zone=true_zone(seed, identity, zones_of(city, state), phones),
        emails=emails,
        phones=phones,
        bad_address=traits.random() < bad,
        eagerness=traits.gammavariate(2.0, 0.5),
        consents=tuple(c for address in (*emails, *phones) for c in given.get(address, ())),
    )
