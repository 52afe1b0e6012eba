"""The owner's two emails."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from shared.directives.base import Directive, Flag, Share, TimeOfDay


class Lines(Directive):
    """The founding lines, drawn in the report beside each segment's own baseline. They raise no alarm alone.

    Below `answer_rate` the script is due for review; below `dm_contact_rate` the enrichment is.
    """

    answer_rate: Share
    dm_contact_rate: Share


class Sections(Directive):
    """Which parts of the mail are shown."""

    hot_leads: Flag
    what_happened: Flag
    zones_open: Flag
    changes: Flag
    asked: Flag
    not_contacted: Flag
    tests: Flag
    patterns: Flag
    hypotheses: Flag
    incidents: Flag
    cost: Flag
    exposure: Flag
    charts: Flag


class Report(Directive):
    """One of the owner's two emails (keys `reports/evening`, `reports/weekly`).

    `at` is a time in the owner's zone. It names the hour; it does not move the stage, whose cron is fixed at
    deploy. Nothing checks at run time that an edited page names the hour of its stage.
    `sent_copies` sends the owner a mail of its own for each email that went out.
    """

    cadence: Literal["daily", "weekly"]
    weekday: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] | None = (
        None
    )
    at: TimeOfDay
    lines: Lines
    sections: Sections
    sent_copies: Flag

    @model_validator(mode="after")
    def _weekly_has_a_day(self) -> Report:
        if (self.cadence == "weekly") != (self.weekday is not None):
            raise ValueError("weekday is given for a weekly report, and for no other")
        return self
