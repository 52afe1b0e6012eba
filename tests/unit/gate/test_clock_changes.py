"""Windows through every change of clocks of eight years, in eight zones, every few minutes around it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.calendars import WATCHED, canonical_zones, changes, window_faults
from tests.unit.gate.passing import RULES


@pytest.mark.parametrize("name", WATCHED)
def test_windows__keep_to_the_wall_clock_around_every_change(name: str) -> None:
    assert list(window_faults(name, timedelta(minutes=53), RULES)) == []


def test_changes__are_found() -> None:
    assert [len(changes(name)) for name in ("America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")] == [
        16,
        16,
        8,
    ]
    assert len(canonical_zones()) > 300
