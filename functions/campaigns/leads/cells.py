"""Cells as they should have been typed: no control characters, no formulas, no fillers."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

LONGEST: Final = {"first_name": 60, "last_name": 80, "name": 140, "title": 150, "company": 150, "city": 80}
LONGEST_OTHER: Final = 300

_FILLERS: Final = frozenset({"-", "--", "---", ".", "?", "n/a", "#n/a", "n.a.", "#ref!", "#value!", "#name?"})
# Not for names: there are people called Null and None.
_WORD_FILLERS: Final = frozenset(
    {"na", "nil", "null", "none", "nan", "undefined", "unknown", "not available", "not provided", "(blank)"}
)
_NAMES: Final = frozenset({"first_name", "last_name", "name"})
_JOINERS: Final = "\u200c\u200d"
_PROTECTED: Final = re.compile(r'\A="([^"]*)"\Z')
_NO_NAME: Final = re.compile(r"[<>{}\[\]|\\^~`@]|://|\d{3}")
_TRUE: Final = frozenset({"yes", "y", "true", "t", "x", "1", "on"})
_FALSE: Final = frozenset({"no", "n", "false", "f", "0", "off"})


def words(text: str) -> frozenset[str]:
    """The words of a long list, which reads better as text."""
    return frozenset(text.split())


def plain(text: str) -> str:
    """One line of normalised text: line breaks become blanks; what cannot be seen is removed."""
    shown = "".join(_visible(character) for character in unicodedata.normalize("NFC", text))
    return " ".join(shown.split())


def cleaned(text: str, field: str) -> tuple[str | None, str | None]:
    """The value of a cell, or None; and in words what was wrong where something was left out."""
    value = _unprotected(plain(text[: 20 * LONGEST_OTHER]))
    if value.startswith(("=", "@")):
        return None, "holds a formula"
    if field not in ("phone", "email"):
        value = value.lstrip("+-= ")
    if value.casefold() in _FILLERS or (field not in _NAMES and value.casefold() in _WORD_FILLERS):
        return None, None
    if len(value) > LONGEST.get(field, LONGEST_OTHER):
        return None, "is too long"
    if field in _NAMES and _NO_NAME.search(value):
        return None, "holds no name"
    return value or None, None


def truth(text: str | None) -> bool | None:
    """Yes or no as lists write it; None for anything else."""
    word = (text or "").strip().casefold()
    return True if word in _TRUE else False if word in _FALSE else None


def bounded(cells: tuple[str, ...]) -> list[str]:
    """Cells to be kept aside: storable and of limited size."""
    return [plain(cell[:200]) for cell in cells[:100]]


def _unprotected(value: str) -> str:
    """Without what spreadsheets put in front of text that looks like a number or a formula."""
    protected = _PROTECTED.match(value)
    if protected:
        return protected[1].strip()
    # Only there: 't Hooft is a name.
    return value[1:].strip() if re.match(r"'[\d=+@-]", value) else value


def _visible(character: str) -> str:
    category = unicodedata.category(character)
    if character in _JOINERS or category[0] not in "CZ":
        return character
    return " " if category[0] == "Z" or character in "\t\r\n\v\f\x85" else ""
