"""Where a lead is: country, state, city and ZIP as lists write them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import phonenumbers

from shared import zones

US_PLANS: Final = frozenset({"US", "PR", "VI", "GU", "AS", "MP"})
"""Numbering plans of the United States and their territories."""

_PROVINCES: Final[Mapping[str, str]] = {
    "AB": "alberta",
    "BC": "british columbia",
    "MB": "manitoba",
    "NB": "new brunswick",
    "NL": "newfoundland and labrador",
    "NS": "nova scotia",
    "NT": "northwest territories",
    "NU": "nunavut",
    "ON": "ontario",
    "PE": "prince edward island",
    "QC": "quebec",
    "SK": "saskatchewan",
    "YT": "yukon",
}
_NAMES: Final = """
    US usa, united states, united states of america, america, u s, u s a, the united states; CA canada, can;
    MX mexico, méxico; GB united kingdom, uk, great britain, england, scotland, wales, northern ireland,
    gbr; IE ireland; AU australia, aus; NZ new zealand; DE germany, deutschland; FR france; ES spain,
    españa; PT portugal; IT italy, italia; NL netherlands, the netherlands; BE belgium; LU luxembourg; CH
    switzerland; AT austria; DK denmark; SE sweden; NO norway; FI finland; IS iceland; PL poland; CZ czech
    republic, czechia; SK slovakia; HU hungary; RO romania; BG bulgaria; GR greece; TR turkey, türkiye; UA
    ukraine; RU russia, russian federation; EE estonia; LV latvia; LT lithuania; HR croatia; SI slovenia; RS
    serbia; MT malta; CY cyprus; IL israel; AE united arab emirates, uae; SA saudi arabia; QA qatar; EG
    egypt; MA morocco; NG nigeria; KE kenya; GH ghana; ZA south africa; IN india; PK pakistan; BD
    bangladesh; LK sri lanka; NP nepal; CN china; HK hong kong; TW taiwan; JP japan; KR south korea, korea;
    SG singapore; MY malaysia; ID indonesia; PH philippines; TH thailand; VN vietnam; BR brazil, brasil; AR
    argentina; CL chile; CO colombia; PE peru; EC ecuador; VE venezuela; UY uruguay; CR costa rica; PA
    panama; GT guatemala; DO dominican republic; JM jamaica; BS bahamas, the bahamas; TT trinidad and
    tobago; BB barbados; BM bermuda
"""
_COUNTRIES: Final[Mapping[str, str]] = {
    " ".join(name.split()): entry.split()[0]
    for entry in _NAMES.split(";")
    for name in entry.split(maxsplit=1)[1].split(",")
}


@dataclass(frozen=True)
class Place:
    """An address as far as it is known. `country` is ISO 3166-1; `region` is a code for the US and Canada."""

    country: str | None = None
    region: str | None = None
    city: str | None = None
    postal_code: str | None = None


def country_for(raw: str | None) -> str | None:
    """ISO code of a country from its code or English name; None if it is neither. UK is GB."""
    text = " ".join((raw or "").replace(".", " ").split())
    found = _COUNTRIES.get(text.casefold())
    if found or text.upper() in phonenumbers.SUPPORTED_REGIONS:
        code = found or text.upper()
        return "US" if code in US_PLANS else code
    return "US" if zones.region_for(text) in US_PLANS else None


def place_for(country: str | None, region: str | None, city: str | None, postal_code: str | None) -> Place:
    """The address in codes. A country that is not named follows from the state, the province or the ZIP."""
    postal_code = _postal_code(postal_code)
    territory = zones.region_for(country) if country and country_for(country) == "US" else None
    state = zones.region_for(region) or (territory if territory in US_PLANS else None)
    province = _province(region)
    code = country_for(country)
    if country is None:
        of_zip = zones.region_of_zip(postal_code)
        code = "US" if state or of_zip else "CA" if province else None
    if code == "US":
        return Place("US", state or zones.region_of_zip(postal_code), city, postal_code)
    return Place(code, province if code == "CA" else region, city, postal_code)


def _postal_code(raw: str | None) -> str | None:
    """Without what a spreadsheet did to it: `2134.0` and `2134` are 02134."""
    text = (raw or "").removesuffix(".0").strip().upper()
    return (text.zfill(5) if text.isascii() and text.isdigit() and len(text) == 4 else text)[:12] or None


def _province(region: str | None) -> str | None:
    text = (region or "").strip()
    if text.upper() in _PROVINCES:
        return text.upper()
    folded = text.casefold().replace("é", "e")
    return next((code for code, name in _PROVINCES.items() if name == folded), None)
