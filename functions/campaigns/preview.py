"""The morning in one sentence: of those due, how many fit into the day, and what keeps out the rest. Pure.

It counts people, each once: by the channel that reaches them today, else by the first reason against them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from functions.campaigns.planning import DayPlan
from shared.config import SenderSetting
from shared.gate import Rules
from shared.providers.channel import ChannelName
from shared.state.senders import DaySoFar

CHANNELS: tuple[ChannelName, ...] = ("call", "email", "sms")


@dataclass(frozen=True)
class Room:
    """How many touches a channel still takes today, and the code of what bounds it."""

    touches: int
    code: str


@dataclass(frozen=True)
class Preview:
    """Of so many people due, so many will be contacted; `reasons` count the others by code."""

    due: int
    contacted: int
    reasons: Counter[str]

    def sentence(self, words: Mapping[str, str]) -> str:
        """For example: Of 143 due, 96 will be contacted; the rest not: 22 because …"""
        listed = ", ".join(f"{n} because {words.get(code, code)}" for code, n in self.reasons.most_common())
        return f"Of {self.due} due, {self.contacted} will be contacted" + (
            f"; the rest not: {listed}." if listed else "."
        )


def room_on(
    channel: ChannelName,
    configured: Sequence[SenderSetting],
    so_far: DaySoFar,
    *,
    today: date,
    rules: Rules,
    usd_each: float,
    usd_a_day: float,
) -> Room:
    """What the senders' caps and the budget leave of the day.

    A sender that was never on record counts as it is configured: the first morning is previewed before.
    """
    own = [f"{each.channel}:{each.address}" for each in configured if each.channel == channel]
    ready = [name for name in own if name not in so_far.senders or so_far.senders[name].set_up]
    awake = [name for name in ready if not so_far.at_rest(name)]
    since = {f"{each.channel}:{each.address}": each.warmup_started_on for each in configured}
    caps = Room(
        sum(
            max(
                0, rules.sender_cap(channel, _age(name, since, so_far, today)) - int(so_far.used.get(name, 0))
            )
            for name in awake
        ),
        "SENDER_SETUP" if not ready else "SENDER_HEALTH" if not awake else "WARMUP_CAP",
    )
    left = usd_a_day - so_far.spent.get(channel, 0.0)
    money = Room(max(0, int((left + 1e-9) / usd_each)) if usd_each else caps.touches, "BUDGET")
    return min(caps, money, key=lambda each: each.touches)


def preview_of(plan: DayPlan, rooms: Mapping[ChannelName, Room], waiting: Mapping[str, int]) -> Preview:
    """Who of the plan, and of those who wait since earlier days, fits into the rooms of the day."""
    reached: dict[int, str] = {}
    refused: dict[int, str] = {}
    for touch in plan.touches:
        if touch.code is None:
            reached.setdefault(touch.lead_id, touch.channel)
        else:
            refused.setdefault(touch.lead_id, touch.code)
    reasons = Counter(code for lead, code in refused.items() if lead not in reached)
    wanted = Counter(reached.values()) + Counter(waiting)
    contacted = 0
    for channel in CHANNELS:
        fitting = min(wanted[channel], rooms[channel].touches)
        contacted += fitting
        reasons[rooms[channel].code] += wanted[channel] - fitting
    # What counts nobody is no reason.
    return Preview(contacted + reasons.total(), contacted, +reasons)


def _age(name: str, since: Mapping[str, str | None], so_far: DaySoFar, today: date) -> int:
    known, configured = so_far.senders.get(name), since[name]
    started = known.warmup_started_on if known else date.fromisoformat(configured) if configured else today
    return (today - started).days
