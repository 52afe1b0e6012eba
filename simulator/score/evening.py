"""The figures of the owner's evening email, read from its plain text as the owner reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from simulator.record import Contact

FOOTER = re.compile(r"^Counted at .*? \((?P<zone>[A-Za-z_/+-]+)\)\.", re.MULTILINE)
DAY = re.compile(
    r"^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (?P<day>[A-Z][a-z]+ \d+, \d{4})", re.MULTILINE
)
HEADING = re.compile(r"^(?:[A-Z][A-Z' ]{3,})(?=$|:|  | \(| AND)")
ROW = re.compile(r"^(?P<label>[A-Z][A-Za-z' -]*?)\s{2,}\$?(?P<value>[\d,]+(?:\.\d+)?)\b(?P<rest>.*)$")
MONEY = re.compile(r"^(?P<label>[a-z]+)\s{2,}\$(?P<value>[\d,]+\.\d{2})")
ENDED = re.compile(r"([a-z][a-z', ()-]*?) ([\d,]+)(?:, |$)")
UNPROVEN = re.compile(r"([\d,]+) calls? (?:and|or) texts? of today without consent")
SUBJECT_MEETINGS = re.compile(r"(no|[\d,]+) meetings? booked")
SUBJECT_CONTACTED = re.compile(r"([\d,]+) contacted")
CHANNELS = {"CALLS": "call", "EMAIL": "email", "TEXTS": "sms"}


@dataclass(frozen=True)
class Figure:
    """One number of the mail: its section, its label, and what it says."""

    section: str
    label: str
    value: float


@dataclass
class Evening:
    """One evening email: the day it is about, the clock it goes by, when it was counted, and its figures."""

    day: date
    zone: ZoneInfo
    at: datetime
    figures: list[Figure] = field(default_factory=list)


def evenings(contacts: Sequence[Contact]) -> Iterator[Evening]:
    """The evening emails among everything the wire accepted, in the order of time."""
    for contact in contacts:
        if contact.person is not None or contact.channel != "email":
            continue
        text = contact.words.text
        footer, day = FOOTER.search(text), DAY.search(text)
        if footer and day:
            about = datetime.strptime(day["day"], "%B %d, %Y").date()  # noqa: DTZ007 - a date has no zone
            mail = Evening(about, ZoneInfo(footer["zone"]), contact.at)
            mail.figures += [*_subject(contact.words.subject), *_figures(text)]
            yield mail


def _subject(subject: str) -> Iterator[Figure]:
    for label, pattern in (("Meetings", SUBJECT_MEETINGS), ("Contacted", SUBJECT_CONTACTED)):
        found = pattern.search(subject)
        if found:
            yield Figure("SUBJECT", label, _number(found[1]))


def _figures(text: str) -> Iterator[Figure]:
    for section, lines in _sections(text):
        if section in CHANNELS:
            yield from _endings(section, lines)
        for line in lines:
            yield from _of_line(section, line)


def _of_line(section: str, line: str) -> Iterator[Figure]:
    money = MONEY.match(line) if section == "COST AND EXPOSURE" else None
    row = ROW.match(line) if section != "COST AND EXPOSURE" else None
    if money:
        yield Figure(section, money["label"], _number(money["value"]))
    if row:
        yield Figure(section, row["label"].strip(), _number(row["value"]))
        if section == "TODAY":
            week = [_number(each) for each in row["rest"].split()[-7:] if re.fullmatch(r"[\d,]+", each)]
            yield from (
                Figure("WEEK", f"{row['label'].strip()} {back} days ago", value)
                for back, value in zip(range(len(week) - 1, -1, -1), week, strict=True)
            )
    unproven = UNPROVEN.search(line)
    if unproven:
        yield Figure(section, "without consent", _number(unproven[1]))


def _endings(section: str, lines: Sequence[str]) -> Iterator[Figure]:
    told = " ".join(line.strip() for line in lines)
    _, _, ended = told.partition("How they ended so far: ")
    yield from (Figure(f"{section} ENDED", found[1], _number(found[2])) for found in ENDED.finditer(ended))


def _sections(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each heading with its lines, wrapped ones and all."""
    name, lines = "", list[str]()
    for line in text.splitlines():
        heading = HEADING.match(line)
        if heading:
            yield name, lines
            name, lines = heading[0].strip().removesuffix(" AND").strip(), []
        elif line == "--":
            break
        else:
            lines.append(line)
    yield name, lines


def _number(text: str) -> float:
    return 0.0 if text == "no" else float(text.replace(",", ""))
