"""Where a lead may be: the IANA zones that its address or number leaves open.

The gate wants every plausible zone and contacts only when all of them are open, so a doubt makes the window
narrower and never wider.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

ZoneSource = Literal["zip", "city", "state", "conflict", "number", "country", "none"]

_EASTERN: Final = "America/New_York"
_CENTRAL: Final = "America/Chicago"
_MOUNTAIN: Final = "America/Denver"
_PACIFIC: Final = "America/Los_Angeles"

# Every zone a lead with an address somewhere in the contiguous states can be in.
CONTIGUOUS: Final = (_EASTERN, _CENTRAL, _MOUNTAIN, "America/Phoenix", _PACIFIC)

# Code: (name, zones). A split state lists both sides; Arizona lists Denver for the Navajo Nation, which keeps
# daylight saving time. Source: the IANA database's own zone.tab and 49 CFR 71.
STATES: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "AL": ("Alabama", (_CENTRAL,)),
    "AK": ("Alaska", ("America/Anchorage", "America/Adak")),
    "AZ": ("Arizona", ("America/Phoenix", _MOUNTAIN)),
    "AR": ("Arkansas", (_CENTRAL,)),
    "CA": ("California", (_PACIFIC,)),
    "CO": ("Colorado", (_MOUNTAIN,)),
    "CT": ("Connecticut", (_EASTERN,)),
    "DE": ("Delaware", (_EASTERN,)),
    "DC": ("District of Columbia", (_EASTERN,)),
    "FL": ("Florida", (_EASTERN, _CENTRAL)),
    "GA": ("Georgia", (_EASTERN,)),
    "HI": ("Hawaii", ("Pacific/Honolulu",)),
    "ID": ("Idaho", ("America/Boise", _PACIFIC)),
    "IL": ("Illinois", (_CENTRAL,)),
    "IN": ("Indiana", ("America/Indiana/Indianapolis", _CENTRAL)),
    "IA": ("Iowa", (_CENTRAL,)),
    "KS": ("Kansas", (_CENTRAL, _MOUNTAIN)),
    "KY": ("Kentucky", (_EASTERN, _CENTRAL)),
    "LA": ("Louisiana", (_CENTRAL,)),
    "ME": ("Maine", (_EASTERN,)),
    "MD": ("Maryland", (_EASTERN,)),
    "MA": ("Massachusetts", (_EASTERN,)),
    "MI": ("Michigan", ("America/Detroit", "America/Menominee")),
    "MN": ("Minnesota", (_CENTRAL,)),
    "MS": ("Mississippi", (_CENTRAL,)),
    "MO": ("Missouri", (_CENTRAL,)),
    "MT": ("Montana", (_MOUNTAIN,)),
    "NE": ("Nebraska", (_CENTRAL, _MOUNTAIN)),
    "NV": ("Nevada", (_PACIFIC, _MOUNTAIN)),
    "NH": ("New Hampshire", (_EASTERN,)),
    "NJ": ("New Jersey", (_EASTERN,)),
    "NM": ("New Mexico", (_MOUNTAIN,)),
    "NY": ("New York", (_EASTERN,)),
    "NC": ("North Carolina", (_EASTERN,)),
    "ND": ("North Dakota", (_CENTRAL, _MOUNTAIN)),
    "OH": ("Ohio", (_EASTERN,)),
    "OK": ("Oklahoma", (_CENTRAL,)),
    "OR": ("Oregon", (_PACIFIC, "America/Boise")),
    "PA": ("Pennsylvania", (_EASTERN,)),
    "RI": ("Rhode Island", (_EASTERN,)),
    "SC": ("South Carolina", (_EASTERN,)),
    "SD": ("South Dakota", (_CENTRAL, _MOUNTAIN)),
    "TN": ("Tennessee", (_CENTRAL, _EASTERN)),
    "TX": ("Texas", (_CENTRAL, _MOUNTAIN)),
    "UT": ("Utah", (_MOUNTAIN,)),
    "VT": ("Vermont", (_EASTERN,)),
    "VA": ("Virginia", (_EASTERN,)),
    "WA": ("Washington", (_PACIFIC,)),
    "WV": ("West Virginia", (_EASTERN,)),
    "WI": ("Wisconsin", (_CENTRAL,)),
    "WY": ("Wyoming", (_MOUNTAIN,)),
    "AS": ("American Samoa", ("Pacific/Pago_Pago",)),
    "GU": ("Guam", ("Pacific/Guam",)),
    "MP": ("Northern Mariana Islands", ("Pacific/Saipan",)),
    "PR": ("Puerto Rico", ("America/Puerto_Rico",)),
    "VI": ("Virgin Islands", ("America/St_Thomas",)),
}

_US_NAMES: Final = frozenset({"us", "usa", "u.s.", "u.s.a.", "united states", "united states of america"})
_BY_NAME: Final = {name.casefold(): code for code, (name, _) in STATES.items()} | {
    "washington dc": "DC",
    "washington d.c.": "DC",
    "u.s. virgin islands": "VI",
    "us virgin islands": "VI",
}
# Four digits: a spreadsheet took a New England ZIP for a number and dropped its zero.
_ZIP: Final = re.compile(r"(\d{4,5})(?:-\d{4})?|(\d{5})\d{4}")


@dataclass(frozen=True)
class ZoneFinding:
    """Plausible zones, sorted, and what they rest on.

    `zip`, `city`, `state`: the address. `conflict`: ZIP and state disagree, so the zones of both. `number`:
    the telephone number alone. `country`: nothing but the country. `none`: no zone; the gate refuses.
    """

    zones: tuple[str, ...]
    source: ZoneSource


@dataclass(frozen=True)
class _Places:
    """The ZIP table, indexed."""

    by_zip: Mapping[str, tuple[str, str]]  # ZIP → (state, zone)
    by_city: Mapping[tuple[str, str], frozenset[str]]  # (state, city) → zones


def zones_for(
    region: str | None,
    postal_code: str | None,
    city: str | None,
    phone: str | None,
    country: str | None = "US",
    *,
    fixed_line: bool = False,
) -> ZoneFinding:
    """Every zone the lead may be in: by ZIP, then city with state, then state, then number, then country.

    `phone` is E.164. A number tells where its line was issued, not where its owner is: only the number of a
    verified landline (`fixed_line`) is taken at its word; any other adds the contiguous states' zones.
    Outside the US only the number is looked at.
    """
    if not _is_us(country):
        return _by_number(phone) or ZoneFinding((), "none")
    found = _by_address(region, postal_code, city) or _by_number(phone, () if fixed_line else CONTIGUOUS)
    return found or _finding(CONTIGUOUS, "country")


def region_for(raw: str | None) -> str | None:
    """Two-letter code of a US state, district or territory from its code or name; None if it is neither."""
    text = " ".join((raw or "").replace("_", " ").split()).removeprefix("US-").removeprefix("us-")
    if text.upper() in STATES:
        return text.upper()
    return _BY_NAME.get(text.casefold())


def region_of_zip(postal_code: str | None) -> str | None:
    """State of a ZIP or ZIP+4, None where the ZIP is not in the table."""
    found = _place(postal_code)
    return found[0] if found else None


def _is_us(country: str | None) -> bool:
    return (country or "").strip().casefold() in _US_NAMES


def _by_address(region: str | None, postal_code: str | None, city: str | None) -> ZoneFinding | None:
    code = region_for(region)
    of_state = STATES[code][1] if code else ()
    place = _place(postal_code)
    if place and code and place[0] != code:
        return _finding([place[1], *of_state], "conflict")
    if place:
        return _finding([place[1]], "zip")
    if code is None:
        return None
    # Only where the state leaves a choice: loading the ZIP table costs a third of a second.
    if city and len(of_state) > 1:
        of_city = _places().by_city.get((code, _folded(city)))
        if of_city:
            return _finding(of_city, "city")
    return _finding(of_state, "state")


def _by_number(phone: str | None, also: tuple[str, ...] = ()) -> ZoneFinding | None:
    zones = _zones_of_number(phone) if phone else ()
    return _finding([*zones, *also], "number") if zones else None


def _zones_of_number(phone: str) -> tuple[str, ...]:
    import phonenumbers
    from phonenumbers import timezone

    try:
        number = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return ()
    if not phonenumbers.is_number_type_geographical(
        phonenumbers.number_type(number), number.country_code or 0
    ):
        return ()
    return tuple(zone for zone in timezone.time_zones_for_geographical_number(number) if _is_zone(zone))


def _place(postal_code: str | None) -> tuple[str, str] | None:
    match = _ZIP.fullmatch((postal_code or "").strip())
    return _places().by_zip.get((match[1] or match[2]).zfill(5)) if match else None


@lru_cache(maxsize=1)
def _places() -> _Places:
    import zipcodes

    by_zip: dict[str, tuple[str, str]] = {}
    by_city: dict[tuple[str, str], set[str]] = {}
    for row in zipcodes.list_all():  # type: ignore[no-untyped-call]
        state, zone = row["state"], row["timezone"]
        # Military mail has no zone, and one Alaskan row carries a village's name in its place.
        if state not in STATES or not _is_zone(zone):
            continue
        by_zip[row["zip_code"]] = (state, zone)
        for name in (row["city"], *row["acceptable_cities"]):
            by_city.setdefault((state, _folded(name)), set()).add(zone)
    return _Places(by_zip, {key: frozenset(zones) for key, zones in by_city.items()})


@lru_cache(maxsize=1024)
def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _folded(city: str) -> str:
    return " ".join(city.replace(".", "").casefold().split())


def _finding(zones: Iterable[str], source: ZoneSource) -> ZoneFinding:
    return ZoneFinding(tuple(sorted(set(zones))), source)
