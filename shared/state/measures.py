"""Counts for reports. All of them are aggregated in SQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter

from shared.state.transport import Transport


class OldestTransaction(BaseModel):
    """`age_s` is None when none is open. `hidden` sessions may not be looked into, so theirs may be older."""

    model_config = ConfigDict(frozen=True)

    age_s: int | None
    hidden: int


class Figure(BaseModel):
    """Of `n` counted at a level, one value for each dimension asked for, `k` reached the numerator."""

    model_config = ConfigDict(frozen=True)

    level: tuple[str, ...]
    n: int
    k: int


PAGE = 1000
_FIGURES = TypeAdapter(list[Figure])


class Measures:
    """Reading verbs behind the owner's emails, and the roll-up of days."""

    def __init__(self, transport: Transport) -> None:
        self._call = transport.call

    def roll_up_days(self, upto: date, window_days: dict[str, int]) -> int:
        """Advance `daily_metrics`; counts the changed figures. `window_days`: metric → days until final."""
        return int(self._call("roll_up_days_v1", upto=upto.isoformat(), window_days=window_days)["figures"])

    def daily(self, since: date, upto: date) -> list[dict[str, Any]]:
        """{day, channel, metric, n, final} of these days; at most days × channels × metrics rows."""
        return list(self._call("daily_metrics_v1", since=since.isoformat(), upto=upto.isoformat()))

    def figures(
        self,
        counts: str,
        numerator: str,
        denominator: str,
        *,
        dimensions: Sequence[str],
        filters: Mapping[str, str],
        since: date,
        upto: date,
    ) -> Iterator[Figure]:
        """Figures by level, in their order, fetched in pages; `shared.evidence` names each question."""
        after: list[str] | None = None
        while page := _FIGURES.validate_python(
            self._call(
                "figures_v1",
                counts=counts,
                numerator=numerator,
                denominator=denominator,
                dimensions=list(dimensions),
                filters=dict(filters),
                since=since.isoformat(),
                upto=upto.isoformat(),
                after=after,
                max_rows=PAGE,
            )
        ):
            yield from page
            after = list(page[-1].level)

    def funnel(self, today: date, baseline_days: int) -> list[dict[str, Any]]:
        """{channel, metric, n, baseline_n, baseline_days} for today against the days before."""
        return list(self._call("funnel_v1", today=today.isoformat(), baseline_days=baseline_days))

    def counts_by_day(self, since: date, upto: date) -> list[dict[str, Any]]:
        """{day, channel, metric, n} as of now."""
        return list(self._call("sent_by_day_v1", since=since.isoformat(), upto=upto.isoformat()))

    def not_contacted(self, since: datetime, upto: datetime) -> dict[str, int]:
        """Touches that did not go out in this span, by the last reason given."""
        return dict(self._call("not_contacted_v1", since=since.isoformat(), upto=upto.isoformat()))

    def contacted_people(self, since: datetime, upto: datetime) -> int:
        """How many people were contacted in this span, over all channels."""
        return int(self._call("contacted_people_v1", since=since.isoformat(), upto=upto.isoformat()))

    def dispositions(self, today: date) -> list[dict[str, Any]]:
        """{channel, disposition, n} of touches of a day, as known now."""
        return list(self._call("dispositions_v1", today=today.isoformat()))

    def planned(self, today: date) -> dict[str, int]:
        """Touches planned for a day, by channel."""
        return dict(self._call("planned_today_v1", today=today.isoformat()))

    def zones_open(self, upto: datetime) -> list[dict[str, Any]]:
        """{zone, due, closes_at}: where people can still be reached today."""
        return list(self._call("zones_open_v1", upto=upto.isoformat()))

    def hot_leads(self, since: datetime, max_rows: int) -> list[dict[str, Any]]:
        """People waiting for the owner's answer, newest first."""
        return list(self._call("hot_leads_v1", since=since.isoformat(), max_rows=max_rows))

    def open_deliveries(self, max_rows: int) -> list[dict[str, Any]]:
        """What may or may not have gone out, oldest first."""
        return list(self._call("open_deliveries_v1", max_rows=max_rows))

    def spend(self, since: datetime, upto: datetime) -> dict[str, Any]:
        """{by_channel, lookups_usd, without_consent} of a span."""
        return dict(self._call("spend_v1", since=since.isoformat(), upto=upto.isoformat()))

    def oldest_transaction(self) -> OldestTransaction:
        """How long the oldest open transaction of the database has been open."""
        return OldestTransaction.model_validate(self._call("oldest_transaction_v1"))

    def summary(self) -> dict[str, Any]:
        """The whole account in counts: {planned, states, refused, outcomes, milestones}."""
        return dict(self._call("ledger_summary_v1"))
