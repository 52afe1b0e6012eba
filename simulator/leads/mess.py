"""Makes clean rows as untidy as exports are when they have been through a spreadsheet."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

Row = dict[str, str]

PHONE_COLUMNS = (
    "Work Direct Phone",
    "Home Phone",
    "Mobile Phone",
    "Corporate Phone",
    "Other Phone",
    "Company Phone",
)
BAD_PHONES = ("555-0199", "N/A", "1.40456E+10", "000-000-0000", "(404) 555-01", "see website", "+1 555")
BROKEN: tuple[Callable[[str], str], ...] = (
    lambda email: email.partition("@")[0] + "@",
    lambda email: email.replace(".", " ", 1),
    lambda email: email.replace("@", "#"),
    lambda email: email.replace("@", "@@"),
    lambda email: email.replace(".example", "..example"),
)
BAD_PHONE, NO_STATE = 14, 6
SAME_EMAIL, SAME_PHONE, EMPTY = 12, 8, 4


def untidy(roll: Random, rows: list[Row]) -> list[Row]:
    """The rows in another shape and order, with copies, gaps and damage. Nothing is added that a clean
    row did not say, so nobody becomes somebody else."""
    shown = [_typed(roll, row) for row in rows]
    with_email = [place for place, row in enumerate(rows) if row["Email"]]
    for damage, place in zip(BROKEN, roll.sample(with_email, len(BROKEN)), strict=True):
        shown[place]["Email"] = damage(rows[place]["Email"])
    for place in roll.sample(range(len(rows)), BAD_PHONE):
        shown[place]["Other Phone"] = roll.choice(BAD_PHONES)
    for place in roll.sample(range(len(rows)), NO_STATE):
        for column in ("City", "State", "Company City", "Company State", "Company Address"):
            shown[place][column] = ""
    shown += [_same_email(rows[place]) for place in roll.sample(with_email, SAME_EMAIL)]
    with_phone = [place for place, row in enumerate(rows) if row["Mobile Phone"]]
    shown += [rows[place] | {"Email": "", "Title": ""} for place in roll.sample(with_phone, SAME_PHONE)]
    shown += [dict.fromkeys(rows[0], "") for _ in range(EMPTY)]
    roll.shuffle(shown)
    return shown


def _same_email(row: Row) -> Row:
    """The same person exported again from another list, with less in it."""
    return row | {"Email": row["Email"].upper(), "Mobile Phone": "", "Other Phone": "", "Keywords": ""}


def _typed(roll: Random, row: Row) -> Row:
    shown = dict(row)
    for column in PHONE_COLUMNS:
        if shown.get(column, "").startswith("+1"):
            shown[column] = _phone(roll, shown[column])
    if roll.random() < 0.06:
        shown["Email"] = shown["Email"].title()
    if roll.random() < 0.05:
        shown["Email"] += " "
    if roll.random() < 0.06:
        column = roll.choice(("First Name", "Last Name", "Company", "City"))
        shown[column] = f" {shown[column]}  "
    if roll.random() < 0.05:
        shown["State"] = shown["State"].lower()
    if roll.random() < 0.05:
        shown["First Name"] = shown["First Name"].upper()
    return shown


def _phone(roll: Random, number: str) -> str:
    area, office, line = number[2:5], number[5:8], number[8:]
    shapes = (
        f"+1 {area}-{office}-{line}",
        f"+1 {area}-{office}-{line}",
        f"({area}) {office}-{line}",
        f"{area}.{office}.{line}",
        f"1{area}{office}{line}",
        f"'+1{area}{office}{line}",
        f"{area}-{office}-{line} ext. {roll.randint(1, 99)}",
        f"{area}-{office}-{line} x{roll.randint(100, 999)}",
    )
    return roll.choice(shapes)
