"""One row of a list as a lead, or the reason why it is none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from functions.campaigns.leads import addresses
from functions.campaigns.leads.cells import cleaned, plain, truth
from functions.campaigns.leads.columns import Columns
from functions.campaigns.leads.company import company_of, employees_of
from functions.campaigns.leads.places import US_PLANS, Place, place_for
from functions.campaigns.leads.scoring import ScoringRules, score
from functions.campaigns.leads.signals import signals_of
from functions.campaigns.leads.table import Row
from shared.zones import ZoneFinding, zones_for

_HONORIFICS: Final = re.compile(r"\A(?:mr|mrs|ms|miss|dr|prof)\.?\s+", re.IGNORECASE)
_ADDRESS: Final = ("country", "region", "city", "postal_code")


@dataclass(frozen=True)
class Refusal:
    """Why a row is no lead, in words without anything that stands in it.

    `closed` are addresses that must never be used: the row says not to contact this person.
    """

    reason: str
    closed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lead:
    """A row ready for the database, and remarks on what was left out of it."""

    row: dict[str, Any]
    notes: tuple[str, ...]


def lead_of(columns: Columns, row: Row, rules: ScoringRules, today: date) -> Lead | Refusal:
    """The lead in a row. It needs one address to write to or one number to call. Never raises."""
    refusal = _unfit(columns, row)
    if refusal:
        return refusal
    stated, place = _stated(columns, row)
    if stated and place.country is None:
        return Refusal("the country is not known by that name")
    email, email_notes = _email(columns, row)
    phones, phone_notes = addresses.phones(columns, row, place.country)
    if email is None and not phones:
        return Refusal("; ".join(["no email and no usable phone", *email_notes, *phone_notes]))
    place = place if place.country else _by_number(place, phones)
    text, text_notes = _texts(columns, row)
    notes = [*email_notes, *phone_notes, *text_notes, *_remarks(email, place, columns.texts(row, "region"))]
    return Lead(
        {
            "line": row.line,
            "email": email,
            "phones": [{"number": p.number, "label": p.label, "extension": p.extension} for p in phones],
            **_name(text),
            "title": text["title"],
            **_company(text, email, place),
            **_located(columns, row, place, phones),
            **_scored(signals_of(columns, row, today), rules),
        },
        tuple(notes),
    )


def _unfit(columns: Columns, row: Row) -> Refusal | None:
    if not any(plain(cell[:100]) for cell in row.cells):
        return Refusal("the row is empty")
    if columns.overlong(row):
        return Refusal("the row has more cells than the header: a comma outside quotation marks?")
    flags = [cleaned(cell, "do_not_contact")[0] for _, cell in columns.texts(row, "do_not_contact")]
    marked = any(flag and truth(flag) is not False for flag in flags)
    staged = any("do not c" in plain(cell[:100]).casefold() for _, cell in columns.texts(row, "stage"))
    if not (marked or staged):
        return None
    return Refusal("the file says not to contact this person", tuple(addresses.every(columns, row)))


def _email(columns: Columns, row: Row) -> tuple[str | None, list[str]]:
    if any(truth(cell) for _, cell in columns.texts(row, "email_bounced")):
        return None, ["the email address was left out: the file says that it bounced"]
    return addresses.emails(columns, row)


def _value(columns: Columns, row: Row, field: str) -> tuple[str | None, list[str]]:
    """The first usable value of a field."""
    notes: list[str] = []
    for header, cell in columns.texts(row, field):
        value, trouble = cleaned(cell, field)
        if value:
            return value, notes
        notes += [f"{header} was left out: it {trouble}"] if trouble else []
    return None, notes


def _texts(columns: Columns, row: Row) -> tuple[dict[str, str | None], list[str]]:
    texts, notes = {}, []
    for field in ("first_name", "last_name", "name", "title", "company", "website", "industry", "employees"):
        texts[field], remarks = _value(columns, row, field)
        notes += remarks
    return texts, notes


def _address(columns: Columns, row: Row, prefix: str) -> list[str | None]:
    return [_value(columns, row, prefix + field)[0] for field in _ADDRESS]


def _stated(columns: Columns, row: Row) -> tuple[bool, Place]:
    """Whether the row names a country, and where the person is; where the company is if it does not say."""
    person, company = _address(columns, row, ""), _address(columns, row, "company_")
    here, there = place_for(*person), place_for(*company)
    if not any(person):
        return bool(company[0]), there
    # A city says little alone; the ZIP of a company in the same city says where it is.
    if here.postal_code is None and (here.city, here.region) == (there.city, there.region):
        person[3] = company[3]
    person[0] = person[0] or (company[0] if here.country is None else None)
    person[1] = person[1] or (company[1] if person[2] == company[2] else None)
    return bool(person[0]), place_for(*person)


def _by_number(place: Place, phones: Sequence[addresses.Phone]) -> Place:
    """The country alone: where a number was issued says nothing about the state."""
    country = next((phone.country for phone in phones if phone.country), None)
    return replace(place, country="US" if country in US_PLANS else country, region=None)


def _located(columns: Columns, row: Row, place: Place, phones: Sequence[addresses.Phone]) -> dict[str, Any]:
    found = _zones(place, phones)
    office = place_for(*_address(columns, row, "company_"))
    zones, source = found.zones, found.source
    if office.country == place.country and office.region and office.region != place.region:
        # Person and office stand in different states: either may be where the telephone rings.
        zones, source = tuple(sorted({*zones, *_zones(office, phones).zones})), "conflict"
    return {
        "country": place.country,
        "region": place.region,
        "city": place.city,
        "postal_code": place.postal_code,
        "zones": list(zones),
        "zone_source": source,
    }


def _zones(place: Place, phones: Sequence[addresses.Phone]) -> ZoneFinding:
    number = phones[0].number if phones else None
    return zones_for(place.region, place.postal_code, place.city, number, place.country)


def _name(text: dict[str, str | None]) -> dict[str, str | None]:
    first, last = text["first_name"], text["last_name"]
    if text["name"] and not (first and last):
        whole = _HONORIFICS.sub("", text["name"])
        family, comma, given = whole.partition(",")
        parts = [given.strip(), family.strip()] if comma else whole.split(maxsplit=1)
        first = first or parts[0] or None
        last = last or (parts[1] if len(parts) > 1 else None)
    return {"first_name": _cased(first), "last_name": _cased(last)}


def _cased(name: str | None) -> str | None:
    """ANDRE and andre as Andre; what has both cases was typed with care, and two letters are initials."""
    if name is None or len(name) < 3 or not (name.isupper() or name.islower()):
        return name
    return "".join(part.capitalize() for part in re.split(r"([\s'’-])", name))


def _company(text: dict[str, str | None], email: str | None, place: Place) -> dict[str, Any]:
    company = company_of(text["company"], text["website"], email, place.region)
    return {
        "company": company.name,
        "company_key": company.key,
        "domain": company.domain,
        "industry": text["industry"].casefold() if text["industry"] else None,
        "employees": employees_of(text["employees"]),
    }


def _scored(signals: tuple[str, ...], rules: ScoringRules) -> dict[str, Any]:
    result = score(signals, rules)
    return {
        "signals": list(signals),
        "score": result.points,
        "priority": result.priority,
        "score_reasons": list(result.reasons),
    }


def _remarks(email: str | None, place: Place, regions: Sequence[object]) -> list[str]:
    notes = []
    if email and addresses.is_role(email):
        notes.append("the email address is one of a function, not of a person")
    if place.country is None:
        notes.append("nothing says which country this is, and without one nobody is contacted")
    if place.country == "US" and place.region is None and regions:
        notes.append("the state is not known by that name")
    return notes
