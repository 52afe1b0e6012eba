"""The alphabet of a text message: one character outside it leaves room for 70 characters, not 160."""

from __future__ import annotations

import unicodedata

# GSM 03.38 basic set; the characters of the extension table take two places each.
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")
_TYPOGRAPHIC = str.maketrans(
    {"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "`": "'"}
)

ONE_SEGMENT = 160


def septets(text: str) -> int:
    """Places that the text takes in a GSM-7 message. Raises ValueError naming a character that has none."""
    for char in text:
        if char not in _BASIC and char not in _EXTENDED:
            raise ValueError(f"holds {char!r}, which a plain text message cannot carry")
    return len(text) + sum(char in _EXTENDED for char in text)


def fold(text: str) -> str:
    """The text in the GSM-7 alphabet: accents it lacks go (`č` → `c`), other letters are dropped."""
    return "".join(_folded(char) for char in text.translate(_TYPOGRAPHIC))


def _folded(char: str) -> str:
    if char in _BASIC or char in _EXTENDED:
        return char
    return "".join(each for each in unicodedata.normalize("NFKD", char) if each in _BASIC)
