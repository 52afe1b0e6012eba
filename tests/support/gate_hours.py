"""The gate before its oracle: a case is an hour, a zone, a row of the rules, a channel, the owner's hours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Final

from shared.gate import Rules, decide
from shared.gate.rules import DAYS
from tests.support import hours_oracle as oracle
from tests.unit.gate.passing import CALL, EMAIL, READY, SMS, WRITTEN

FROM: Final = datetime(2026, 1, 1, tzinfo=UTC)
HOURS: Final = 2 * 365 * 24
BASES: Final = {"call": CALL, "sms": SMS, "email": EMAIL}


@dataclass(frozen=True)
class Setting:
    """What stays the same over the hours of a case."""

    zone: str
    region: str | None
    channel: str
    owner: oracle.OwnerHours
    registered: bool


def settings(rules: Rules) -> list[Setting]:
    """Every zone with every row of either table, a state without a row, and no state."""
    regions = [*sorted({*rules.states, *oracle.STATE_HOURS}), "NY", None]
    return [
        Setting(zone, region, channel, owner, registered)
        for zone in oracle.ZONES
        for region in regions
        for channel in BASES
        for owner in (oracle.SHIPPED, oracle.WIDEST)
        for registered in ((True, False) if region in oracle.SELLERS_REGISTER else (False,))
    ]


def rules_of(shipped: Rules, owner: oracle.OwnerHours) -> Rules:
    """The rules with the owner's hours on every channel."""
    days = tuple(DAYS[number] for number in sorted(owner.days))
    holidays = "closed" if owner.rests_on_holidays else "open"
    change = {
        "opens": time(owner.opens),
        "closes": time(owner.closes),
        "days": days,
        "holidays": holidays,
    }
    windows = {name: row.model_copy(update=change) for name, row in shipped.hours.windows.items()}
    return replace(shipped, hours=shipped.hours.model_copy(update={"windows": windows}))


def differences(case: Setting, hours: Sequence[int] | range, rules: Rules) -> Iterator[str]:
    """Where the gate and the oracle do not agree, over these hours since `FROM`. `rules` are the owner's."""
    base = replace(
        BASES[case.channel], region=case.region, zones=(case.zone,), registered=case.registered, sender=READY
    )
    for hour in hours:
        at = FROM + timedelta(hours=hour)
        yesterday = at.date() - timedelta(days=1)
        consent = base.consent and replace(WRITTEN, given_on=yesterday)
        request = replace(base, at=at, consent=consent, dnc_scrubbed_on=yesterday)
        said = decide(request, rules).reason
        expected = oracle.verdict(
            at, case.zone, case.region, case.channel, case.owner, registered=case.registered
        )
        if said != expected:
            yield f"{at:%Y-%m-%d %H:%M}Z {case.zone} {case.region} {case.channel}: {said}, not {expected}"
