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
_COUNTRIES: Final[Mapping[str, str]] = {
    "usa": "US", "united states": "US", "united states of america": "US", "america": "US", "u s": "US",
    "u s a": "US", "the united states": "US", "canada": "CA", "can": "CA", "mexico": "MX", "méxico": "MX",
    "united kingdom": "GB", "uk": "GB", "great britain": "GB", "england": "GB", "scotland": "GB", "wales": "GB",
    "northern ireland": "GB", "gbr": "GB", "ireland": "IE", "australia": "AU", "aus": "AU", "new zealand": "NZ",
    "germany": "DE", "deutschland": "DE", "france": "FR", "spain": "ES", "españa": "ES", "portugal": "PT",
    "italy": "IT", "italia": "IT", "netherlands": "NL", "the netherlands": "NL", "belgium": "BE",
    "luxembourg": "LU", "switzerland": "CH", "austria": "AT", "denmark": "DK", "sweden": "SE", "norway": "NO",
    "finland": "FI", "iceland": "IS", "poland": "PL", "czech republic": "CZ", "czechia": "CZ", "slovakia": "SK",
    "hungary": "HU", "romania": "RO", "bulgaria": "BG", "greece": "GR", "turkey": "TR", "türkiye": "TR",
    "ukraine": "UA", "russia": "RU", "russian federation": "RU", "estonia": "EE", "latvia": "LV",
    "lithuania": "LT", "croatia": "HR", "slovenia": "SI", "serbia": "RS", "malta": "MT", "cyprus": "CY",
    "israel": "IL", "united arab emirates": "AE", "uae": "AE", "saudi arabia": "SA", "qatar": "QA",
    "egypt": "EG", "morocco": "MA", "nigeria": "NG", "kenya": "KE", "ghana": "GH", "south africa": "ZA",
    "india": "IN", "pakistan": "PK", "bangladesh": "BD", "sri lanka": "LK", "nepal": "NP", "china": "CN",
    "hong kong": "HK", "taiwan": "TW", "japan": "JP", "south korea": "KR", "korea": "KR", "singapore": "SG",
    "malaysia": "MY", "indonesia": "ID", "philippines": "PH", "thailand": "TH", "vietnam": "VN",
    "brazil": "BR", "brasil": "BR", "argentina": "AR", "chile": "CL", "colombia": "CO", "peru": "PE",
    "ecuador": "EC", "venezuela": "VE", "uruguay": "UY", "costa rica": "CR", "panama": "PA",
    "guatemala": "GT", "dominican republic": "DO", "jamaica": "JM", "bahamas": "BS", "the bahamas": "BS",
    "trinidad and tobago": "TT", "barbados": "BB", "bermuda": "BM",
}  # fmt: skip


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
