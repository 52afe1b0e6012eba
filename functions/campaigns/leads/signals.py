"""Signs of intent in the columns of a list."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Final

from functions.campaigns.leads.cells import plain, truth
from functions.campaigns.leads.columns import Columns
from functions.campaigns.leads.dates import day_of
from functions.campaigns.leads.table import Row
from shared.lead_model.traits import SIGNALS

RECENT: Final = timedelta(days=180)
"""How long ago money was raised for it to be a sign: the budget it brought is still being spent."""

_TAGS: Final = {
    "funding": ("funding", "funded", "recently funded", "raised"),
    "hiring": ("hiring", "open roles", "job openings", "now hiring"),
    "leadership_change": ("leadership change", "new leadership", "new owner", "new ceo"),
    "product_launch": ("product launch", "new product", "launch"),
    "site_activity": ("site activity", "website visitor", "website activity", "site visitor"),
}
_NOTHING: Final = frozenset({"none", "n/a", "-", "0.0", "no data", "null"})


def signals_of(columns: Columns, row: Row, today: date) -> tuple[str, ...]:
    """The signals a row names, strongest first.

    A column named after a signal counts when it says yes, a number above 0, or anything but no. Apollo's
    `Latest Funding` is filled for everybody who ever raised money, so it counts only with a recent date.
    """
    tagged = _tags(columns, row)
    found = {signal for signal in SIGNALS if signal in tagged or _says_so(columns, row, signal)}
    if _raised_lately(columns, row, today):
        found.add("funding")
    return tuple(signal for signal in SIGNALS if signal in found)


def _says_so(columns: Columns, row: Row, signal: str) -> bool:
    return any(_is_yes(plain(cell[:200])) for _, cell in columns.texts(row, signal))


def _is_yes(text: str) -> bool:
    said = truth(text)
    if said is not None:
        return said
    # "0 open roles"
    count = re.match(r"\d+", text)
    return text.casefold() not in _NOTHING and (int(count[0]) > 0 if count else bool(text))


def _tags(columns: Columns, row: Row) -> set[str]:
    words = {
        " ".join(re.sub(r"[\W_]+", " ", tag.casefold()).split())
        for _, cell in columns.texts(row, "tags")
        for tag in re.split(r"[,;|]", cell[:2000])
    }
    return {signal for signal, names in _TAGS.items() if words & {*names, signal.replace("_", " ")}}


def _raised_lately(columns: Columns, row: Row, today: date) -> bool:
    if not columns.texts(row, "latest_funding"):
        return False
    days = [day_of(cell) for _, cell in columns.texts(row, "last_raised_at")]
    return any(day is not None and timedelta(0) <= today - day <= RECENT for day in days)
