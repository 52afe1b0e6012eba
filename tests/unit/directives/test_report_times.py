"""A report's page and the stage table name the same hour: the page is what the owner reads."""

from __future__ import annotations

import pytest

from functions import stages
from shared.directives import Book, read

CRON_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")


@pytest.mark.parametrize(
    ("key", "stage"), [("reports/evening", "evening_report"), ("reports/weekly", "weekly_learning_agent")]
)
def test_report__comes_when_its_stage_runs(key: str, stage: str) -> None:
    report = Book.from_files(read()).report(key)
    minute, hour, day, month, weekday = stages.get(stage).cron.split()
    assert (report.at.hour, report.at.minute) == (int(hour), int(minute))
    assert (day, month) == ("*", "*")
    assert report.weekday == (None if weekday == "*" else CRON_DAYS[int(weekday) % 7])
