"""The database comes back without its last commits: nobody is contacted twice, and the record is whole."""

from __future__ import annotations

import sys

import pytest

from tests.support.crash_run import Size
from tests.support.processes import home
from tests.support.restore_run import restored

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forks and signals")


@pytest.mark.long
def test_files_of_an_earlier_hour_put_back__what_went_out_since_is_adopted() -> None:
    with home() as folder:
        found, lost = restored(
            folder, Size(sends=40, workers=2, kill=0.0, stall=0.0, wrong=0.0, patience_s=240), before=10
        )
    assert lost == 30, "what was to be forgotten was not: the test is blind"
    assert (found.doubled, found.lost, found.open) == (0, 0, 0), found
    assert found.accepted == 40, found
