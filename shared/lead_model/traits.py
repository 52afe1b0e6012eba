"""What the model may know of a lead, from what is on record before the first contact. Pure.

Left out on purpose: names, ages, city and postal code (they are, or stand for, what nobody may be judged by),
and everything that a contact brings (outcomes, replies, line types looked up when a call is due).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from shared.lead_model.columns import Lead, Value

SIGNALS: Final[Mapping[str, str]] = {
    "funding": "raised money lately",
    "hiring": "is hiring",
    "leadership_change": "has new leadership",
    "product_launch": "launched a product",
    "site_activity": "was active on the website",
}
"""The signs of intent, strongest first, and how a reason names them."""

WORDS: Final[Mapping[str, str]] = {
    "industry": "industry",
    "employees": "employees",
    "region": "state",
    "source": "from",
    "role": "role",
    "mailbox": "mailbox",
    "number": "number",
}
NAMES: Final = (*WORDS, *SIGNALS)

ON_RECORD: Final = ("industry", "employees", "region", "source", "mailbox")

_ROLES: Final = (
    (
        "owner",
        r"owner|founder|proprietor|president|partner|principal|\bceo\b|chief executive|managing director",
    ),
    ("executive", r"\bc[fomti]o\b|chief|\bvp\b|vice president|director|head of"),
    ("manager", r"manager|supervisor|lead\b|coordinator"),
)


def traits_of(record: Mapping[str, Any]) -> Lead:
    """The columns of one lead, from `{industry, employees, region, source, title, signals, …}` on record."""
    signals = record.get("signals") or []
    found: dict[str, Value] = {
        name: record.get(name) for name in ("industry", "employees", "region", "source")
    }
    found["role"] = _role(record.get("title"))
    found["number"] = (
        "direct" if {"direct", "mobile"} & set(record.get("phones") or []) else "company or none"
    )
    return found | {signal: "yes" if signal in signals else "no" for signal in SIGNALS}


def in_words(column: str, level: str) -> str:
    """A level as a reason names it."""
    if column in SIGNALS:
        return SIGNALS[column] if level == "yes" else f"not known: {SIGNALS[column]}"
    return f"{WORDS.get(column, column)} {level}"


def _role(title: str | None) -> str | None:
    if not title:
        return None
    words = title.casefold()
    return next((role for role, pattern in _ROLES if re.search(pattern, words)), "another")
