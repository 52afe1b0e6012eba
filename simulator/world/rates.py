"""Base rates of people's behaviour, read from TOML into a frozen model that refuses every mistake.

The numbers are probabilities unless their name ends in a unit. A world file changes them by `Rates.changed`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.errors import ConfigurationError
from shared.frontmatter import near_miss, validate

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Shares = dict[str, Share]
Pair = tuple[Positive, Positive]

BASE_RATES = Path(__file__).with_name("rates.toml")
TOLERANCE = 0.02


class Table(BaseModel):
    """A table of a file of this package: what it does not know is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


def _whole(name: str, total: float) -> None:
    if abs(total - 1) > TOLERANCE:
        raise ValueError(f"{name} must add up to 1, not {total:.3f}")


class Lines(Table):
    """Sorts of telephone lines by the column a number came from."""

    mobile: Shares
    direct: Shares
    main: Shares
    other: Shares
    unknown_share: Share
    main_line_staff: int

    @model_validator(mode="after")
    def _shares_are_whole(self) -> Self:
        for name in ("mobile", "direct", "main", "other"):
            _whole(name, sum(getattr(self, name).values()))
        return self


class Segment(Table):
    """What one dial into this sort of line meets; `propensity` is the Beta of a person's answering."""

    invalid: Share
    human: Share
    voicemail: Share
    gatekeeper: Share
    no_answer: Share
    busy: Share
    carrier_blocked: Share
    propensity: Pair
    given_human: Shares

    @model_validator(mode="after")
    def _shares_are_whole(self) -> Self:
        _whole("the outcomes of a dial", sum(self.misses().values()) + self.invalid + self.human)
        return self

    def misses(self) -> Shares:
        """Every way not to reach a human, apart from an invalid number."""
        names = ("voicemail", "gatekeeper", "no_answer", "busy", "carrier_blocked")
        return {name: getattr(self, name) for name in names}


class Segments(Table):
    """The three sorts of line a dial may meet."""

    main_line: Segment
    direct: Segment
    switchboard: Segment


class Regions(Table):
    """Answer multipliers by zone; there is deliberately none by city."""

    eastern: Positive
    central: Positive
    mountain: Positive
    pacific: Positive
    hawaii: Positive


class Calls(Table):
    """Rates of calls."""

    segments: Segments
    failed_share: Share
    asked_answer: Share
    hours: Annotated[tuple[Positive, ...], Field(min_length=10, max_length=10)]
    off_hours: Positive
    weekdays: Annotated[tuple[Positive, ...], Field(min_length=7, max_length=7)]
    friday_after_14: Positive
    regions: Regions
    peak_months: frozenset[Annotated[int, Field(ge=1, le=12)]]
    peak_main_line: Positive
    talk_s: dict[str, Pair]
    ring_s: Pair
    voicemail_ring_s: Pair
    held: Share
    held_with_reminders: Share
    platform_per_minute: Positive
    models_per_minute: Positive


class Staff(Table):
    """Reply multipliers by company size: up to 50, up to 200, above."""

    small: Positive
    middle: Positive
    large: Positive


class BadAddress(Table):
    """Share of addresses that do not exist, by what the lead file says of them."""

    verified: Share
    other: Share


class Fatigue(Table):
    """Complaint multipliers when mails follow each other daily or every other day."""

    daily: Positive
    alternate: Positive


class Emails(Table):
    """Rates of emails."""

    reply_per_person: Share
    reply_by_mail: tuple[Share, ...]
    by_staff: Staff
    reply_classes: Shares
    weekdays: Annotated[tuple[Positive, ...], Field(min_length=7, max_length=7)]
    morning: Positive
    afternoon: Positive
    out_of_office: Share
    bad_address: BadAddress
    transient_bounce: Share
    delayed: Share
    human_open: Share
    machine_open: Share
    human_click: Share
    machine_click: Share
    unsubscribe: Share
    unsubscribe_late: Positive
    unsubscribe_by_page: Share
    complaint: Share
    fatigue: Fatigue
    books_when_positive: Share
    books_when_clicked: Share
    delay_h: Pair
    tail: Share
    tail_days: Pair


class Texts(Table):
    """Rates of text messages."""

    delivered: Share
    reply: Share
    reply_by_text: tuple[Share, ...]
    opt_out: Share
    opt_out_without_consent: Share
    own_words: Share
    reply_classes: Shares
    delay_h: Pair
    books_when_positive: Share
    price_per_segment: Positive


class Rates(Table):
    """All base rates of a world."""

    lines: Lines
    calls: Calls
    emails: Emails
    texts: Texts

    @classmethod
    def load(cls, path: Path = BASE_RATES) -> Rates:
        """Read a file of base rates.

        Raises `ConfigurationError` naming the file and each wrong or missing field.
        """
        return validate(cls, read_toml(path), file=path.name)

    def changed(self, values: Mapping[str, Any], factors: Mapping[str, float]) -> Rates:
        """These rates with some replaced, then some multiplied, both named by table and field.

        A table of shares is replaced as a whole. Raises `ValueError` naming what does not exist or no
        longer fits, as a probability above 1 does.
        """
        tables = self.model_dump()
        for path, value in values.items():
            table, name = _found(tables, path)
            table[name] = value
        for path, factor in factors.items():
            table, name = _found(tables, path)
            table[name] = _times(path, table[name], factor)
        return Rates.model_validate(tables)


def _found(tables: dict[str, Any], path: str) -> tuple[dict[str, Any], str]:
    """The table that holds a rate, and its name there."""
    *folders, name = path.split(".")
    table: Any = tables
    for folder in folders:
        table = table.get(folder) if isinstance(table, dict) else None
    if not isinstance(table, dict) or name not in table:
        raise ValueError(f"there is no rate {path}{near_miss(path, tuple(_paths(tables)))}")
    return table, name


def _paths(tables: Mapping[str, Any], before: str = "") -> Iterator[str]:
    for name, value in tables.items():
        yield before + name
        if isinstance(value, dict):
            yield from _paths(value, f"{before}{name}.")


def _times(path: str, value: Any, factor: float) -> Any:
    """A rate or each of a row of rates, multiplied."""
    if isinstance(value, int | float):
        return value * factor
    if isinstance(value, tuple):
        return tuple(each * factor for each in value)
    raise ValueError(f"{path} is a table: multiply one of its rates")


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a file. Raises `ConfigurationError` naming it when it is absent or not TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path.name}: {error}") from error
