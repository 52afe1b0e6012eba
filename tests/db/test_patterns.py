"""Patterns over a real database: found in its figures, stored while they hold, asked for again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from functions.learning.patterns import find_patterns
from shared import evidence
from shared.config import Settings
from shared.loop import Loop
from shared.providers.registry import Providers
from tests.support.ledger import INSTALLATION, TODAY, Ledger

DAY = timedelta(days=1)


@pytest.fixture
def loop(ledger: Ledger) -> Loop:
    settings = Settings.from_env({"GROWTHLOOP_INSTALLATION_ID": str(INSTALLATION)})
    return Loop(settings, ledger.state, Providers(settings))


def first_calls(ledger: Ledger, region: str, answered: int) -> None:
    """Twenty companies of a region are called for the first time on each of forty days, so many answer."""
    if not ledger.value("select count(*) from touches"):
        ledger.accepted(channel="call")
    ledger.run(
        """
        insert into first_contacts (unit, channel, touch_id, day, hour, zone, region, industry, source,
                                    script_key, reached, at_first)
        select format('c:%%s:%%s:%%s', %s::text, d, g), 'call', o.id, %s::date - d, 10, '', %s, '', 'csv',
               's', x.got, x.got
        from touches o, generate_series(0, 39) d, generate_series(1, 20) g, lateral (
            select case when g <= %s then array['sent', 'answered'] else array['sent'] end as got) x""",
        *(region, TODAY, region, answered),
    )


def test_phoenix_twice_los_angeles__is_stored_while_it_holds(loop: Loop, ledger: Ledger) -> None:
    first_calls(ledger, "AZ", 8)
    for region in ("CA", "NY", "TX", "OH"):
        first_calls(ledger, region, 4)
    found = {(each.dimension, each.level): each for each in find_patterns(loop, TODAY) if each.ratio > 1}
    arizona = found["region", "AZ"]
    assert found.keys() == {("region", "AZ")}
    assert (arizona.channel, arizona.metric, arizona.n, arizona.k) == ("call", "answered", 800, 320)
    assert arizona.low < 2 < arizona.high
    again = {each.level[0]: (each.n, each.k) for each in evidence.run(ledger.state, arizona.evidence)}
    assert again["AZ"] == (800, 320)
    assert again["CA"] == (800, 160)
    find_patterns(loop, TODAY + DAY)
    later = TODAY + 70 * DAY
    assert find_patterns(loop, later) == []
    stored = ledger.state.patterns.held(TODAY, TODAY)
    assert {(each.found_on, each.gone_on) for each in stored if each.level == "AZ"} == {(TODAY, later)}
    assert ledger.state.patterns.held(later, later) == []


def test_segments_that_do_not_differ__make_no_pattern(loop: Loop, ledger: Ledger) -> None:
    for region in ("AZ", "CA", "NY"):
        first_calls(ledger, region, 4)
    assert find_patterns(loop, TODAY) == []
