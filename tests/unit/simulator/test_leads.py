"""The shipped demo files."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from datetime import date, timedelta
from functools import cache

import phonenumbers
from phonenumbers import timezone

from simulator.leads import CONSENTS, DEMO, SCRUB
from simulator.leads.generate import AS_OF, OPTED_IN_STATES, generate
from simulator.world import Person, Rates, World
from simulator.world.population import e164, read_rows

STALE = AS_OF - timedelta(days=45)
SPLIT_STATES = {"FL", "TN", "KY", "IN", "TX", "ID", "OR", "SD", "NE", "KS", "MI"}


@cache
def demo_world() -> World:
    return World.from_files(DEMO, CONSENTS, Rates.load(), 1)


def _in_home_country(person: Person) -> bool:
    return person.country == "United States"


def test_files__equal_the_output_of_the_generator() -> None:
    files = generate()
    assert DEMO.read_bytes() == files.leads.encode()
    assert CONSENTS.read_bytes() == files.consents.encode()
    assert SCRUB.read_bytes() == files.scrub.encode()


def test_generator__another_seed_gives_other_people() -> None:
    assert generate(seed=8).leads != generate(seed=7).leads


def test_generator__another_first_day_moves_dates_only() -> None:
    later = generate(as_of=AS_OF + timedelta(days=7))
    assert later.leads == generate().leads
    rows = [list(csv.DictReader(io.StringIO(text))) for text in (generate().consents, later.consents)]
    moved = date.fromisoformat(rows[1][0]["given_on"]) - date.fromisoformat(rows[0][0]["given_on"])
    assert moved == timedelta(days=7)


def test_numbers__are_all_fictitious_and_belong_to_one_line() -> None:
    numbers = demo_world().lines
    assert len(numbers) > 400
    assert all(re.fullmatch(r"\+1\d{3}55501\d\d|\+442079460\d{3}", number) for number in numbers)
    valid = [phonenumbers.is_valid_number(phonenumbers.parse(number)) for number in numbers]
    assert all(valid)


def test_domains__are_all_reserved_for_examples() -> None:
    emails = [email for person in demo_world().people.values() for email in person.emails]
    assert len(emails) > 280
    assert all(email.endswith(".example") for email in emails)


def test_people__live_in_all_zones_and_on_both_sides_of_split_states() -> None:
    zones: dict[str, set[str]] = {}
    for person in demo_world().people.values():
        zones.setdefault(person.state, set()).add(person.zone)
    assert {state for state in SPLIT_STATES if len(zones.get(state, ())) < 2} == set()
    everywhere = set().union(*zones.values())
    assert {"America/Anchorage", "Pacific/Honolulu", "America/Phoenix", "America/Los_Angeles"} <= everywhere


def test_people__of_blocked_registered_and_foreign_places_are_there() -> None:
    people = demo_world().people.values()
    states = Counter(person.state for person in people)
    assert states["OK"] >= 2
    assert states["TX"] >= 4
    assert {person.country for person in people} >= {"Canada", "United Kingdom"}


def test_rows__are_as_messy_as_exports() -> None:
    rows = read_rows(DEMO)
    text = DEMO.read_text(encoding="utf-8")
    emails = Counter(row["email"].casefold() for row in rows if row["email"])
    assert sum(not any(row.values()) for row in rows) == 4
    assert sum(count > 1 for count in emails.values()) >= 10
    assert sum(email.count("@") != 1 or ".." in email or " " in email for email in emails) >= 3
    assert any(row["mobile phone"].startswith("'") for row in rows)
    assert any(re.search(r"(x|ext\. )\d+$", row["company phone"]) for row in rows)
    assert {row["state"] for row in rows} >= {"Texas", "TX"}
    assert any(letter in text for letter in "éñü")
    assert re.search(r" {2},", text)
    assert any(row["other phone"] and e164(row["other phone"]) is None for row in rows)


def test_rows__without_a_state_are_in_a_zone_their_number_may_be_in() -> None:
    stateless = [person for person in demo_world().people.values() if not person.state and person.phones]
    assert stateless
    for person in stateless:
        possible = set().union(
            *(timezone.time_zones_for_number(phonenumbers.parse(number)) for number in person.phones)
        )
        assert person.zone in possible


def test_consents__let_enough_people_be_called_by_ai_voice() -> None:
    people = list(demo_world().people.values())
    callable_people = [person for person in people if _may_be_called(person)]
    assert len(callable_people) / len(people) >= 0.15


def _may_be_called(person: Person) -> bool:
    if not _in_home_country(person) or person.state in {"OK", "TX"}:
        return False
    fresh = any(c.channel == "call" and c.kind == "written" and c.given_on >= STALE for c in person.consents)
    return any(
        fresh if phone.mobile else phone.line_type == "landline" and person.state in OPTED_IN_STATES
        for phone in person.phones.values()
    )


def test_consents__let_enough_people_be_texted() -> None:
    people = list(demo_world().people.values())
    textable = [
        person
        for person in people
        if _in_home_country(person)
        and person.state not in {"OK", "TX"}
        and any(phone.can_text for phone in person.phones.values())
        and any(c.channel == "sms" and c.given_on >= STALE for c in person.consents)
    ]
    assert len(textable) / len(people) >= 0.10


def test_consents__hold_stale_broken_and_unmatched_ones_too() -> None:
    rows = read_rows(CONSENTS)
    days = [row["given_on"] for row in rows]
    assert "last spring" in days
    assert sum(date.fromisoformat(day) < STALE for day in days if day[:2] == "20") >= 8
    assert any(demo_world().at_email(row["email"]) is None for row in rows if row["email"])
    assert {row["consent_type"] for row in rows} == {"written", "oral", "opt_in"}


def test_scrub__has_listed_stale_and_missing_numbers() -> None:
    rows = read_rows(SCRUB)
    listed = [row for row in rows if row["listed"] == "yes"]
    stale = [row for row in rows if AS_OF - date.fromisoformat(row["scrubbed_on"]) > timedelta(days=31)]
    mobiles = {number for number, phone in demo_world().lines.items() if phone.mobile}
    assert len(listed) >= 10
    assert len(stale) >= 10
    assert mobiles & {row["phone"] for row in listed}
    assert mobiles & {row["phone"] for row in stale}
    assert mobiles - {row["phone"] for row in rows}
