"""The gate's hours against an oracle that reads none of our rules: zones, state law, weekends, holidays.

This is a sample of a few thousand; `python -m bench.gate_hours` goes through every hour of two years.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from shared.gate import Rules
from shared.zones import STATES
from tests.support import hours_oracle as oracle
from tests.support.gate_hours import FROM, HOURS, differences, rules_of, settings
from tests.unit.gate.passing import RULES

STRIDE = 9_973  # prime, so that it meets every hour of the day and every day of the week


def sampled(rules: Rules) -> list[str]:
    """The differences in every so many-th case of the whole."""
    by_owner = {owner: rules_of(rules, owner) for owner in (oracle.SHIPPED, oracle.WIDEST)}
    return [
        found
        for number, case in enumerate(settings(rules))
        for found in differences(case, range(-number * HOURS % STRIDE, HOURS, STRIDE), by_owner[case.owner])
    ]


def test_hours__every_zone_and_row_agrees_with_the_oracle() -> None:
    assert sampled(RULES) == []


@pytest.mark.parametrize("state", ["KY", "TX", "WA"])
def test_control__a_state_opened_an_hour_too_early_is_found(state: str) -> None:
    row = RULES.states[state]
    assert row.opens is not None
    assert row.closes is not None
    wider = row.model_copy(update={"closes": row.closes.replace(hour=22), "opens": row.opens.replace(hour=7)})
    spoilt = Rules(RULES.hours, {**RULES.states, state: wider}, RULES.contact, RULES.pace, RULES.version)
    rules = rules_of(spoilt, oracle.WIDEST)
    cases = [
        case
        for case in settings(RULES)
        if (case.region, case.owner, case.zone) == (state, oracle.WIDEST, "America/Chicago")
    ]
    assert any(list(differences(case, range(24 * 9), rules)) for case in cases)


def test_oracle__reads_clocks_as_the_time_zone_database_does() -> None:
    for zone in oracle.ZONES:
        for hour in range(0, HOURS, 97):
            at = FROM + timedelta(hours=hour)
            assert oracle.wall_clock(at, zone) == at.astimezone(ZoneInfo(zone)).replace(tzinfo=None), zone


@pytest.mark.parametrize("year", range(2024, 2032))
def test_oracle__minutes_around_a_change_of_clocks(year: int) -> None:
    for month in (3, 11):
        for minute in range(0, 14 * 24 * 60, 30):
            at = datetime(year, month, 1, tzinfo=UTC) + timedelta(minutes=minute)
            for zone in ("America/New_York", "America/Los_Angeles"):
                assert oracle.wall_clock(at, zone) == at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def test_oracle__knows_the_federal_holidays() -> None:
    assert {
        date(2026, 1, 19),
        date(2026, 5, 25),
        date(2026, 7, 3),
        date(2026, 11, 26),
        date(2027, 12, 31),
    } <= oracle.federal_holidays(2026) | oracle.federal_holidays(2027)


def test_oracle__has_every_zone_a_lead_can_be_in() -> None:
    assert {zone for _, zones in STATES.values() for zone in zones} <= oracle.ZONES.keys()
