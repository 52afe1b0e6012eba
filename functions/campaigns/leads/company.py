"""Which company a lead belongs to, so that colleagues are known as colleagues."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from functions.campaigns.leads.cells import words

FREEMAIL: Final = words(
    """aim.com aol.com att.net bellsouth.net centurylink.net charter.net comcast.net cox.net earthlink.net
    embarqmail.com fastmail.com frontier.com frontiernet.net gmail.com gmx.com gmx.net gmx.de googlemail.com
    hey.com hotmail.com hotmail.co.uk icloud.com juno.com live.com mac.com mail.com me.com msn.com
    optonline.net outlook.com pacbell.net pm.me proton.me protonmail.com roadrunner.com rocketmail.com rr.com
    sbcglobal.net spectrum.net suddenlink.net tutanota.com verizon.net windstream.net yahoo.ca yahoo.co.uk
    yahoo.com yandex.com ymail.com zoho.com zohomail.com"""
)
"""Domains whose mailboxes belong to anybody."""

_SHARED: Final = (
    *("facebook.com", "instagram.com", "linkedin.com", "twitter.com", "x.com", "youtube.com", "tiktok.com"),
    *(
        "yelp.com",
        "google.com",
        "goo.gl",
        "business.site",
        "linktr.ee",
        "angi.com",
        "thumbtack.com",
        "bbb.org",
    ),
)
"""Sites on which many companies have a page: no company's own."""

_HOST: Final = re.compile(
    r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]"
)
_FORMS: Final = words(
    "inc incorporated llc llp lp pllc pc corp corporation co company ltd limited plc gmbh pty the and"
)
_MULTIPLES: Final = {"": 1, "k": 1_000, "m": 1_000_000}
_MOST_EMPLOYEES: Final = 5_000_000


@dataclass(frozen=True)
class Company:
    """`key` is the same for everybody of one company: its domain, else its name and state."""

    key: str | None
    name: str | None
    domain: str | None


def company_of(name: str | None, website: str | None, email: str | None, region: str | None) -> Company:
    """The company a row names. One without any name is called by its domain; without both it is none."""
    own = domain_of(website)
    of_email = email.partition("@")[2] if email else None
    domain = own or (of_email if of_email and of_email not in FREEMAIL else None)
    folded = name_key(name) if name else ""
    key = domain or (f"{folded}|{(region or '').casefold()}" if folded else None)
    return Company(key, (name or domain) if key else None, domain)


def domain_of(website: str | None) -> str | None:
    """The host of a company's own website; None for a page on somebody else's and for what is none."""
    text = (website or "").strip().casefold()
    host = re.split(r"[/?#:\s]", re.sub(r"\A[a-z]+:/+", "", text), maxsplit=1)[0]
    host = host.rpartition("@")[2].removeprefix("www.").rstrip(".")
    shared = host in FREEMAIL or any(host == site or host.endswith(f".{site}") for site in _SHARED)
    return host if _HOST.fullmatch(host) and not shared else None


def name_key(name: str) -> str:
    """A name without case, accents, punctuation and legal form, in order to compare it."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    found = re.sub(r"[^\w\s]|_", " ", "".join(c for c in letters if not unicodedata.combining(c))).split()
    return " ".join([word for word in found if word not in _FORMS] or found)


def employees_of(text: str | None) -> int | None:
    """A head count: `48`, `1,200`, `1.2k`, or the middle of `11-50`; None for anything else."""
    counts = re.findall(r"(\d[\d,]{0,12}(?:\.\d{1,3})?)\s*([km]?)\b", (text or "").casefold()[:40], re.ASCII)
    if not counts or len(counts) > 2:
        return None
    numbers = [float(digits.replace(",", "")) * _MULTIPLES[unit] for digits, unit in counts]
    middle = round(sum(numbers) / len(numbers))
    return middle if 0 < middle <= _MOST_EMPLOYEES else None
