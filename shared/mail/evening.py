"""What the owner's evening email shows, as values.

The stage that counts fills an `EveningReport`; `verdict` puts it into one sentence and `render` makes the
mail. Two rules hold for whoever fills it:

- A figure that could not be read is not a zero. Leave it out and name it in `missing`; an empty tuple means
  "looked, and there is none".
- "Usual" compares like with like: a baseline holds what the same counter showed at the same hour on earlier
  days. Figures of 5 PM set against whole days would call every evening a bad one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal

from shared.providers.channel import ChannelName

Stage = Literal[
    "planned",
    "sent",
    "delivered",
    "answered",
    "dm_contact",
    "conversation",
    "replied",
    "positive",
    "booked",
    "opted_out",
    "bounced",
    "complained",
]

BASELINE_DAYS = 28
MIN_BASELINE_DAYS = 10
TCPA_USD = 500
TCPA_WILFUL_USD = 1_500


@dataclass(frozen=True)
class Baseline:
    """An ordinary day of one counter: the mean of `days` days and the range of nine in ten of them."""

    mean: float
    low: float
    high: float
    days: int = BASELINE_DAYS


@dataclass(frozen=True)
class Count:
    """One counter: today's figure, and an ordinary day's where enough days are known."""

    today: int = 0
    baseline: Baseline | None = None


def baseline(daily: Sequence[int]) -> Baseline | None:
    """An ordinary day from the days on which the loop worked, newest 28; None below 10: too early to say.

    `low` and `high` are the 5th and 95th percentile of the days themselves (linear between neighbours), so
    no shape is assumed: busy and quiet days vary more than chance alone would have them vary.
    """
    days = sorted(daily[-BASELINE_DAYS:])
    if len(days) < MIN_BASELINE_DAYS:
        return None
    return Baseline(sum(days) / len(days), _quantile(days, 0.05), _quantile(days, 0.95), len(days))


def _quantile(ordered: Sequence[int], share: float) -> float:
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


@dataclass(frozen=True)
class ChannelDay:
    """One channel's day. A stage that does not exist on the channel, or is not counted, is left out.

    `outcomes` are dispositions with how many touches of today ended so far in each.
    """

    channel: ChannelName
    counts: Mapping[Stage, Count] = field(default_factory=dict)
    outcomes: tuple[tuple[str, int], ...] = ()

    def today(self, stage: Stage) -> int:
        """Today's figure; 0 where the stage is not counted."""
        count = self.counts.get(stage)
        return count.today if count else 0


@dataclass(frozen=True)
class NotContacted:
    """How many of today's due touches were last refused with this gate code."""

    code: str
    count: int


@dataclass(frozen=True)
class HotLead:
    """Someone who waits for the owner. `said` is the person's own words: data, shown quoted and cut short.

    `phone` (E.164) and `email` become one-tap links when they are well formed, and nothing when not.
    """

    lead_id: int
    name: str
    company: str
    channel: ChannelName
    said: str
    at: datetime
    next_step: str
    phone: str | None = None
    email: str | None = None


@dataclass(frozen=True)
class OpenZone:
    """A zone in which people can still be contacted tonight, and how many touches are due there."""

    zone: str
    until: datetime
    due: int


@dataclass(frozen=True)
class UnsettledTouch:
    """A touch of which nobody knows yet whether it reached the person. It is never repeated blindly."""

    touch_id: str
    channel: ChannelName
    age: timedelta
    owner: str
    parked: bool = False


@dataclass(frozen=True)
class Spend:
    """Money spent today on one channel or service. `usd` None: the provider has not said."""

    what: str
    usd: float | None
    budget_usd: float | None = None


@dataclass(frozen=True)
class FailedStage:
    """A stage run that did not end well today. `words` say what it means for the day."""

    stage: str
    at: datetime
    words: str
    repaired: bool = False


@dataclass(frozen=True)
class Incident:
    """Something that broke, and whether it is mended."""

    words: str
    at: datetime
    open: bool = True


@dataclass(frozen=True)
class Missing:
    """A part of this report that could not be read: shown as an alarm, never as a zero."""

    part: str
    why: str


@dataclass(frozen=True)
class FinalFigure:
    """A figure of yesterday. `final` only when its window has passed; before that it may still grow."""

    words: str
    value: int
    final: bool = True


@dataclass(frozen=True)
class ExperimentLine:
    """A running test in words: what is compared, and what is known so far. An `alert` stands first."""

    name: str
    words: str
    alert: bool = False


@dataclass(frozen=True)
class ApprovalWaiting:
    """Something that waits for the owner's yes. Silence changes nothing. `link` is our own signed page."""

    words: str
    why: str = ""
    link: str | None = None
    expires: datetime | None = None


@dataclass(frozen=True)
class Line:
    """A line the owner may move: the share of `part` in `whole` on calls should not fall below `floor`."""

    name: str
    part: Stage
    whole: Stage
    floor: float
    action: str


FOUNDING_LINES = (
    Line("Answer rate", "answered", "sent", 0.20, "review the call script and the hours"),
    Line("Decision-maker contact", "dm_contact", "sent", 0.10, "look for better numbers (enrichment)"),
)


@dataclass(frozen=True)
class WeekDay:
    """One of the last days, for the small charts."""

    day: date
    contacted: int
    conversations: int
    positive: int
    booked: int


@dataclass(frozen=True)
class EveningReport:
    """Everything the evening email shows. Sections without data vanish; `missing` and failures never do.

    `contacted` counts people, not touches. `counted_at` is the instant of counting, `interim` marks a report
    made by hand before the day's own. `day_off` says why nothing was to be done ("Thanksgiving"); without it
    a day with nothing sent is an alarm. `unproven_touches` are today's calls and texts without consent on
    record. `week` is the last seven days, oldest first, today last. `pause_by_reply` only where
    a reply of PAUSE is really read: the mail must not promise a brake that is not there. Datetimes are aware.
    """

    day: date
    business: str
    zone: str
    counted_at: datetime
    live: bool = True
    kill_switch: bool = False
    interim: bool = False
    day_off: str = ""
    contacted: Count = field(default_factory=Count)
    channels: tuple[ChannelDay, ...] = ()
    not_contacted: tuple[NotContacted, ...] = ()
    hot_leads: tuple[HotLead, ...] = ()
    zones_open: tuple[OpenZone, ...] = ()
    unsettled: tuple[UnsettledTouch, ...] = ()
    spend: tuple[Spend, ...] = ()
    unproven_touches: int = 0
    not_built: tuple[str, ...] = ()
    failed_stages: tuple[FailedStage, ...] = ()
    incidents: tuple[Incident, ...] = ()
    missing: tuple[Missing, ...] = ()
    yesterday: tuple[FinalFigure, ...] = ()
    tests: tuple[ExperimentLine, ...] = ()
    approvals: tuple[ApprovalWaiting, ...] = ()
    notes: tuple[str, ...] = ()
    lines: tuple[Line, ...] = FOUNDING_LINES
    week: tuple[WeekDay, ...] = ()
    dashboard_url: str | None = None
    pause_by_reply: bool = False

    def total(self, stage: Stage) -> int:
        """Today's figure of one stage over all channels."""
        return sum(channel.today(stage) for channel in self.channels)

    def channel(self, name: ChannelName) -> ChannelDay:
        """One channel's day, empty when nothing was counted there."""
        return next((day for day in self.channels if day.channel == name), ChannelDay(name))
