"""Figures that can be asked for again: what a claim rests on, named by a short canonical string.

`rate:dm_contact/sent:by=industry,size:channel=call:2026-10-01..2026-10-28` reads: of the calls sent in these
days, how many reached the decision maker, for each industry and size. Whoever states a figure cites the id;
whoever checks it parses the id and runs it again.

It counts touches, unless it says otherwise. `rate:booked/sent:companies:by=source:…` counts companies by the
day and segment of their first contact, one outcome each, whatever brought it later; `first_touches` counts
the first touch of each company alone, so that outcomes of an hour or a text do not depend on each other;
`talks` counts the calls that came to a talk, by the objection that came first.

A figure of days that are not final yet may only have grown when it is read again: late outcomes advance the
day of their touch.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal, Self, get_args
from urllib.parse import quote, unquote

from shared.errors import EvidenceError

if TYPE_CHECKING:
    from shared.state import State
    from shared.state.measures import Figure

Counts = Literal["touches", "companies", "first_touches", "talks"]
Metric = Literal[
    "sent",
    "delivered",
    "answered",
    "dm_contact",
    "conversation",
    "replied",
    "positive",
    "booked",
    "held",
    "bounced",
    "complained",
    "opted_out",
]
Dimension = Literal[
    "day",
    "weekday",
    "hour",
    "channel",
    "script",
    "version",
    "arm",
    "industry",
    "size",
    "region",
    "zone",
    "source",
    "objection",
]
METRICS: tuple[Metric, ...] = get_args(Metric)
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)
"""Day, weekday (1 is Monday) and hour are the recipient's own; a level nobody knows is the empty string."""

_SPAN = re.compile(r"(\d{4}-\d\d-\d\d)\.\.(\d{4}-\d\d-\d\d)")


@dataclass(frozen=True)
class Evidence:
    """A question to the figures: of the `denominator`, how many `numerator`, by which levels, where and when.

    `where` holds each dimension once, by name; the days hold both ends. Raises `EvidenceError` for what the
    figures do not know.
    """

    numerator: Metric
    denominator: Metric
    since: date
    upto: date
    by: tuple[Dimension, ...] = ()
    where: tuple[tuple[Dimension, str], ...] = ()
    counts: Counts = "touches"

    def __post_init__(self) -> None:
        for metric in (self.numerator, self.denominator):
            _known(metric, METRICS, "metric")
        for dimension in (*self.by, *(name for name, _ in self.where)):
            _known(dimension, DIMENSIONS, "dimension")
        if self.counts != "talks" and "objection" in (*self.by, *dict(self.where)):
            raise EvidenceError("only talks have an objection")
        if self.since > self.upto:
            raise EvidenceError(f"{self.since}..{self.upto} ends before it begins")
        if len(set(self.by)) < len(self.by) or len(dict(self.where)) < len(self.where):
            raise EvidenceError("a dimension is named twice")
        object.__setattr__(self, "where", tuple(sorted(self.where)))

    @property
    def id(self) -> str:
        """The same string for the same question."""
        parts = [f"rate:{self.numerator}/{self.denominator}"]
        parts += [self.counts] if self.counts != "touches" else []
        parts += [f"by={','.join(self.by)}"] if self.by else []
        parts += [f"{name}={quote(value, safe='')}" for name, value in self.where]
        return ":".join([*parts, f"{self.since}..{self.upto}"])

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an id. Raises `EvidenceError` for anything that is none, spelled in its one way."""
        kind, _, rest = text.partition(":")
        rate, *parts = rest.split(":")
        span = _SPAN.fullmatch(parts.pop()) if parts else None
        numerator, slash, denominator = rate.partition("/")
        if kind != "rate" or not slash or span is None:
            raise EvidenceError(
                f"{text!r} is no evidence id, such as rate:answered/sent:2026-10-01..2026-10-28"
            )
        named = bool(parts) and parts[0] in get_args(Counts)
        counts = parts.pop(0) if named else "touches"
        pairs = [_pair(part) for part in parts]
        by = tuple(pairs.pop(0)[1].split(",")) if pairs and pairs[0][0] == "by" else ()
        try:
            since, upto = (date.fromisoformat(day) for day in span.groups())
        except ValueError:
            raise EvidenceError(f"{text!r} names a day that does not exist") from None
        where = tuple((name, unquote(value)) for name, value in pairs)
        found = cls(numerator, denominator, since, upto, by, where, counts)  # type: ignore[arg-type]
        if found.id != text:
            raise EvidenceError(f"{text!r} is not how this is written: {found.id}")
        return found

    def at(self, level: tuple[str, ...]) -> Evidence:
        """The same question about one level alone."""
        where = (*self.where, *zip(self.by, level, strict=True))
        return Evidence(self.numerator, self.denominator, self.since, self.upto, (), where, self.counts)


def run(state: State, evidence: Evidence | str) -> list[Figure]:
    """Ask the figures, all levels; of an id, whatever it was that cited it. Raises `EvidenceError`."""
    asked = Evidence.parse(evidence) if isinstance(evidence, str) else evidence
    filters: Mapping[str, str] = dict(asked.where)
    return list(
        state.measures.figures(
            asked.counts,
            asked.numerator,
            asked.denominator,
            dimensions=asked.by,
            filters=filters,
            since=asked.since,
            upto=asked.upto,
        )
    )


def _known(name: str, known: tuple[str, ...], what: str) -> None:
    if name not in known:
        raise EvidenceError(f"{name!r} is no {what}: {', '.join(known)}")


def _pair(part: str) -> tuple[str, str]:
    name, equals, value = part.partition("=")
    if not equals:
        raise EvidenceError(f"{part!r} should be a dimension and its level, such as channel=call")
    return name, value
