"""A small run of the crash programme (`bench/crash.py` is the large one): nobody is contacted twice."""

from __future__ import annotations

import sys

import pytest

from tests.support.crash_run import Size, control, crash

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forks and signals")


@pytest.mark.long
def test_killed_cut_and_lied_to__nobody_twice_nothing_lost(database: str) -> None:
    found = crash(database, Size(sends=60, workers=2, speed=60, kill=0.08, pauses=1, cut_per_s=1, seed=5))
    assert found.kills >= 2, found
    assert found.unknown >= 2, "nothing was ever in doubt: the programme is blind"
    assert (found.doubled, found.lost, found.open) == (0, 0, 0), found
    assert found.accepted == 60, found


@pytest.mark.long
@pytest.mark.parametrize("kind", ["mark_first", "mark_after"])
def test_sender_that_only_marks__is_caught(database: str, kind: str) -> None:
    found = control(database, Size(sends=60, workers=3, kill=0.12, wrong=0.0, seed=3), kind)
    assert found.kills >= 3, found
    assert (found.lost if kind == "mark_first" else found.doubled) >= 1, found
