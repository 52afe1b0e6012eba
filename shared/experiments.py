"""Which version somebody gets while something is tested: assignment, and the book as they meet it. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from shared.directives.book import Book, Version, parse
from shared.directives.models import CallScript, EmailScript, Playbook, SmsScript
from shared.errors import DirectiveError

if TYPE_CHECKING:
    from shared.state.experiments import TestInForce

ArmName = Literal["control", "treatment"]
EVERYONE = "everyone"
# A company counts for the holdout so long after its enrolment: a sequence with its answers is over by then.
HOLDOUT_WINDOW_DAYS = 28


def unit_of(company_id: int | None, lead_id: int) -> str:
    """What is assigned, held out and counted once: the company, or the lead where none is known."""
    return f"company:{company_id}" if company_id is not None else f"lead:{lead_id}"


def arm_of(salt: str, unit: str, treatment_share: float) -> ArmName:
    """A salted coin; the database tosses the same one (`arm_of`)."""
    digest = hashlib.sha256(f"{salt}|{unit}".encode()).digest()
    return "treatment" if int.from_bytes(digest[:4]) < treatment_share * 2**32 else "control"


@dataclass(frozen=True)
class Person:
    """Who is about to meet something that may be under test."""

    unit: str
    source: str


@dataclass(frozen=True)
class TestsInForce:
    """The tests that run now."""

    __test__ = False
    tests: tuple[TestInForce, ...] = ()

    @classmethod
    def of(cls, tests: Iterable[TestInForce]) -> TestsInForce:
        """From the rows of the database."""
        return cls(tuple(tests))

    def arms(self, key: str, person: Person) -> dict[str, ArmName]:
        """The arm in each test on this directive, by the test's id; empty where none concerns them."""
        return {
            str(test.id): arm_of(test.salt, person.unit, test.treatment_share)
            for test in self.tests
            if test.key == key and test.population in (EVERYONE, f"source:{person.source}")
        }

    def version_for(self, key: str, person: Person) -> tuple[str, str] | None:
        """Hash and text of the version that this person meets; None where it is the one in force."""
        arms = self.arms(key, person)
        for test in self.tests:
            if (arm := arms.get(str(test.id))) is not None:
                version = test.versions[arm]
                return version.hash, version.text
        return None

    def hour_shares(self, person: Person) -> list[tuple[int, ArmName, float]]:
        """Tests of the hour with this person's arm and its part of the day's calls, in the test or not.

        Where capacity is short the earlier hour would use it up and win by that alone, and equal parts would
        contact more of the smaller arm: each arm gets as large a part as waits in it.
        """
        return [
            (test.id, arm, test.share_of_calls if arm == "treatment" else 1 - test.share_of_calls)
            for test in self.tests
            if test.lever == "call_hour"
            for arm in (arm_of(test.salt, person.unit, test.treatment_share),)
        ]

    def book_for(self, book: Book, key: str, person: Person) -> Book:
        """The book with one script as this person meets it."""
        found = self.version_for(key, person)
        if found is None or found[0] == book.version(key).content_hash:
            return book
        return _with(book, key, key, *found)

    def with_playbooks(self, book: Book) -> Book:
        """The book with every tested playbook under `key@hash`, beside the one in force."""
        for test in self.tests:
            if test.counted_from == "enrolment":
                for version in test.versions.values():
                    book = _with(book, test.key, f"{test.key}@{version.hash}", version.hash, version.text)
        return book

    def playbook_for(self, book: Book, key: str, person: Person) -> str:
        """The key under which this person is enrolled: plain, or with the hash of another version."""
        found = self.version_for(key, person)
        if found is None or found[0] == book.version(key).content_hash:
            return key
        return f"{key}@{found[0]}"


_parsed = lru_cache(maxsize=64)(parse)


def _with(book: Book, key: str, under: str, content_hash: str, text: str) -> Book:
    directive = _parsed(key, text)
    version = Version(under, book.version(key).kind, content_hash, text, 0, "loop")
    versions = {**book.versions, under: version}
    if isinstance(directive, Playbook):
        return replace(book, playbooks={**book.playbooks, under: directive}, versions=versions)
    if isinstance(directive, CallScript | EmailScript | SmsScript):
        return replace(book, scripts={**book.scripts, under: directive}, versions=versions)
    raise DirectiveError(f"{key}.md: is neither a script nor a playbook, so it is no lever")
