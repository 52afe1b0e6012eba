"""Faults on demand: typed, seeded, and every one of them on record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo

from simulator.faults.calendar import ClockFaults, OwnerFaults, first_day
from simulator.faults.database import DatabaseFaults
from simulator.faults.entries import Entry, read_entries
from simulator.faults.lists import ListFaults
from simulator.faults.model import ModelFaults
from simulator.faults.people import PeopleFaults
from simulator.faults.planned import Plan
from simulator.faults.requests import RequestFaults
from simulator.faults.stages import StageFaults
from simulator.faults.webhooks import WebhookFaults
from simulator.truth import Truth

__all__ = ["Entry", "Faults", "first_day", "read_entries"]


class Faults:
    """All faults of one run, by the place where they act."""

    def __init__(
        self,
        entries: Sequence[Entry] = (),
        truth: Truth | None = None,
        *,
        start: datetime = datetime(2026, 1, 1, tzinfo=UTC),
        zone: tzinfo = UTC,
    ) -> None:
        """`start` is the run's first moment, `zone` the owner's: spans count from the midnight before.

        The seed is the truth's, and what is injected is written there.
        Raises `ConfigurationError` where a change of clocks is asked for on a day without one.
        """
        plan = Plan(entries, truth or Truth("", 0), start=start, zone=zone)
        self.requests = RequestFaults(plan)
        self.webhooks = WebhookFaults(plan)
        self.people = PeopleFaults(plan)
        self.lists = ListFaults(plan)
        self.database = DatabaseFaults(plan)
        self.stages = StageFaults(plan)
        self.clocks = ClockFaults(plan)
        self.owner = OwnerFaults(plan)
        self.model = ModelFaults(plan)
