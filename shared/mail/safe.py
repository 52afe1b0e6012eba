"""Text from outside, made fit to print in a mail: names, replies, incident texts.

It loses control and direction characters, line breaks and excess length, and quoted replies lose their links.
Links are built here, and only from well-formed parts, so a hostile field becomes text, never an address.
Not promised: HTML escaping. That is the template's part.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote as url_quote
from urllib.parse import urlsplit

NAME_LENGTH = 60
SAID_LENGTH = 280
WORDS_LENGTH = 400
NO_BREAK = "\u00a0"
LINK = re.compile(r"(?i)\b(?:[a-z][a-z0-9+.-]*://|www\.)\S+|\b(?:javascript|data|vbscript):\S*")
PHONE = re.compile(r"\+[1-9]\d{6,14}")
EMAIL = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
LOOPBACK = {"127.0.0.1", "localhost"}


def plain(text: str, limit: int = WORDS_LENGTH) -> str:
    """Text from outside as one printable line, cut at a word with an ellipsis after `limit` characters."""
    visible = "".join(
        mark if not mark.isspace() or mark == NO_BREAK else " " for mark in text if _printable(mark)
    )
    line = " ".join(part for part in visible.split(" ") if part.strip(NO_BREAK))
    if len(line) <= limit:
        return line
    head, _, _ = line[:limit].rpartition(" ")
    return f"{head or line[:limit]}…"


def _printable(mark: str) -> bool:
    # Cf holds the direction overrides that can make a line read as something else; Cs cannot be encoded.
    return mark.isspace() or unicodedata.category(mark) not in {"Cc", "Cf", "Cs", "Co", "Cn"}


def quoted(text: str) -> str:
    """A person's own words, bounded, with links taken out: mail programs would make them one tap away."""
    return plain(LINK.sub("[link]", text[: SAID_LENGTH * 4]), SAID_LENGTH)


def tel_link(phone: str | None) -> str:
    """A `tel:` link for an E.164 number; empty for anything else."""
    return f"tel:{phone}" if phone and PHONE.fullmatch(phone) else ""


def shown_phone(phone: str | None) -> str:
    """An E.164 number as people write it; empty for anything else."""
    if not phone or not PHONE.fullmatch(phone):
        return ""
    american = re.fullmatch(r"\+1(\d{3})(\d{3})(\d{4})", phone)
    return "({}) {}-{}".format(*american.groups()) if american else phone


def mail_link(email: str | None) -> str:
    """A `mailto:` link for a plain address; empty for anything else."""
    return f"mailto:{url_quote(email, safe='@+')}" if email and EMAIL.fullmatch(email) else ""


def web_link(url: str | None) -> str:
    """A page of our own: https, or loopback while trying things out; empty for anything else."""
    if not url or re.search(r"[\s\"'<>\\]", url):
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    local = parts.scheme == "http" and parts.hostname in LOOPBACK
    return url if parts.hostname and (parts.scheme == "https" or local) else ""
