"""Faults of the owner's lead file: the world is made of the true rows, the loop imports the spoiled ones."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

from simulator.faults import entries
from simulator.faults.planned import Plan, Planned
from simulator.faults.words import attack
from simulator.world.dice import dice

Row = dict[str, str]

FAR = {"city": "Los Angeles", "state": "CA"}, {"city": "New York", "state": "NY"}
WEST = frozenset({"CA", "CALIFORNIA", "NV", "NEVADA", "OR", "OREGON", "WA", "WASHINGTON", "AZ", "ARIZONA"})
COMPANY = ("company", "company name", "company name for emails")
PHONES = (
    "mobile phone",
    "work direct phone",
    "home phone",
    "other phone",
    "corporate phone",
    "company phone",
    "phone",
)


class ListFaults:
    """Spoils a lead file."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._twice = [each for each in plan.of(entries.LeadFault) if each.entry.kind == "duplicate_leads"]
        self._wrong = [each for each in plan.of(entries.LeadFault) if each.entry.kind == "wrong_zone"]
        self._attacks = [e for e in plan.of(entries.Injection) if e.entry.kind == "injection_company"]

    def spoiled(self, raw: bytes) -> bytes:
        """The file with some rows twice, some people in the wrong place, and some companies oddly called.

        A duplicate follows its original, so the lines of the rows before the first one stay what they were.
        """
        if not (self._twice or self._wrong or self._attacks):
            return raw
        reader = csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline=""))
        names = {name.strip().casefold(): name for name in reader.fieldnames or ()}
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, list(reader.fieldnames or ()), extrasaction="ignore")
        writer.writeheader()
        for row in reader:
            writer.writerows(self._rows(row, names))
        return text.getvalue().encode()

    def _rows(self, row: Row, names: Mapping[str, str]) -> list[Row]:
        key = next((row[names[c]] for c in ("email", *PHONES) if c in names and row.get(names[c])), "")
        if not key:
            return [row]
        changed = dict(row)
        for _ in self._noted(self._wrong, key):
            changed |= _elsewhere(changed, names)
        for fault in self._noted(self._attacks, key):
            words = attack(dice(fault.seed, fault.name, key)).text
            changed |= {
                names[c]: f"{changed[names[c]]} {words}" for c in COMPANY if changed.get(names.get(c, ""))
            }
        return [changed, *(_respelled(changed, names) for _ in self._noted(self._twice, key))]

    def _noted(self, faults: Iterable[Planned[Any]], key: str) -> list[Planned[Any]]:
        found = [fault for fault in faults if fault.hits(key)]
        for fault in found:
            self._plan.note(fault, fault.start, key)
        return found


def _elsewhere(row: Row, names: Mapping[str, str]) -> Row:
    """Three hours away, in the other half of the country; only a number with its area code tells."""
    state = row.get(names.get("state", ""), "").strip().upper()
    place = FAR[1] if state in WEST else FAR[0]
    return {names[column]: value for column, value in place.items() if column in names}


def _respelled(row: Row, names: Mapping[str, str]) -> Row:
    """The same person as somebody else would have typed it."""
    spelled = dict(row)
    for column, change in (("email", str.upper), ("first name", str.upper), ("last name", str.upper)):
        if column in names:
            spelled[names[column]] = change(row.get(names[column]) or "")
    for column in PHONES:
        number = row.get(names.get(column, "")) or ""
        if number.startswith("+1") and len(number) == 12:
            spelled[names[column]] = f"({number[2:5]}) {number[5:8]}-{number[8:]}"
    return spelled
