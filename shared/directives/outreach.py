"""Tempo, budgets and scoring. No field has a default: the numbers live in `directives/`, not in code.

How often a person and a sender may be used, and when, is in the gate's rules and nowhere else.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from shared.directives.base import ChannelName, Count, Directive, Positive, Share, Usd

Hour = Annotated[int, Field(strict=True, ge=0, le=23)]


class CallLimits(Directive):
    """Calls at once over all numbers, the longest a call may last, and its price."""

    concurrent: Positive
    max_duration_s: Annotated[int, Field(strict=True, ge=10, le=3600)]
    usd_per_minute: Usd

    @property
    def worst_usd(self) -> float:
        """The most that one call can cost: the reservation made before it is placed."""
        return self.usd_per_minute * self.max_duration_s / 60


class EmailLimits(Directive):
    """Tempo of the sending service, all mailboxes together, and the price of one email."""

    per_second: Positive
    usd_each: Usd


class SmsLimits(Directive):
    """Tempo of the sending service, all numbers together, and the price of one segment."""

    per_second: Positive
    usd_per_segment: Usd


class StepLimits(Directive):
    """A step not sent within `latest_days` of its due time expires."""

    latest_days: Positive


class Budget(Directive):
    """USD a day that a channel may spend, reservations included. Zero closes it."""

    call: Usd
    email: Usd
    sms: Usd
    lookup: Usd


class Lookup(Directive):
    """Line-type look-up: its price, and for how long an answer holds."""

    usd_each: Usd
    valid_days: Positive


class Meetings(Directive):
    """Times offered for a meeting of `minutes`: `start_hours` in the owner's zone, on business days.

    Offered are today and `days_ahead` days after it, and nothing sooner than in `notice_hours`.
    """

    minutes: Annotated[int, Field(strict=True, ge=5, le=60)]
    start_hours: Annotated[tuple[Hour, ...], Field(min_length=1)]
    days_ahead: Annotated[int, Field(strict=True, ge=1, le=60)]
    notice_hours: Count

    @model_validator(mode="after")
    def _ascending(self) -> Meetings:
        if list(self.start_hours) != sorted(set(self.start_hours)):
            raise ValueError("start_hours must rise, each hour once")
        return self


class Holdout(Directive):
    """Share of companies never contacted; none while fewer new companies than this arrive in a week."""

    share: Annotated[float, Field(strict=True, ge=0, le=0.5)]
    minimum_companies_per_week: Count


class Retention(Directive):
    """How long words are kept: recordings and transcripts, and the records of touches (at least five years).

    Sources of the five years: 16 CFR 310.5 (records of telemarketing), 47 CFR 64.1200(d)(6) (opt-outs, which
    are never removed here).
    """

    transcript_days: Annotated[int, Field(strict=True, ge=3, le=3650)]
    record_years: Annotated[int, Field(strict=True, ge=5, le=20)]


class Points(Directive):
    """Points for each sign of intent; the score is their sum, at most 100."""

    funding: Count
    hiring: Count
    leadership_change: Count
    product_launch: Count
    site_activity: Count


class Priority(Directive):
    """Lowest score of a High and of a Medium lead; what is below is Low."""

    high: Count
    medium: Count

    @model_validator(mode="after")
    def _ordered(self) -> Priority:
        if self.medium >= self.high:
            raise ValueError(f"medium {self.medium} must be below high {self.high}")
        return self


class LearnedScoring(Directive):
    """When the learned model ranks, and what its scores (0 to 100: ahead of so many past leads) amount to.

    It takes over when the interval of its gain over the points, at this `confidence`, is above 0. Judged are
    leads first contacted at least `window_days` ago, the newest `most_leads` of them; it learns `every_days`.
    """

    confidence: Annotated[float, Field(strict=True, ge=0.9, lt=1)]
    window_days: Positive
    every_days: Positive
    most_leads: Annotated[int, Field(strict=True, ge=500, le=50_000)]
    high: Annotated[int, Field(strict=True, ge=1, le=100)]
    medium: Annotated[int, Field(strict=True, ge=0, le=100)]

    @model_validator(mode="after")
    def _bands_in_order(self) -> LearnedScoring:
        if self.medium >= self.high:
            raise ValueError("medium must be below high")
        return self


class Scoring(Directive):
    """The prior score of a lead, in force until a learned model is measurably better.

    `random_share` of companies stand in the queue where chance puts them, to see what the ranking is worth.
    """

    points: Points
    priority: Priority
    random_share: Annotated[float, Field(strict=True, ge=0, le=0.5)]
    learned: LearnedScoring


class CallTiming(Directive):
    """How the hours of calls are learned and used.

    `explore_share` of the calls get a random open hour while nothing is known, on days with at least
    `least_calls` of them, and `explore_share_known` afterwards. Counted are the last `lookback_days`; hours
    are believed from an evidence of `believe_at` on: how much better "hours differ" explains the calls.
    """

    explore_share: Annotated[float, Field(strict=True, ge=0, le=1)]
    explore_share_known: Annotated[float, Field(strict=True, gt=0, le=1)]
    least_calls: Positive
    lookback_days: Positive
    believe_at: Annotated[float, Field(strict=True, ge=20, le=100_000)]


class TestPolicy(Directive):
    """What happens to a change that is tested. Lifts are shares of the control's rate.

    Each band acts on evidence alone: a win above `deploy_above` ships, one up to it waits for the owner, one
    below `review_below` is called marginal; proven harm of `rollback_at` or worse is taken back.
    """

    __test__ = False
    per_arm: Annotated[int, Field(strict=True, ge=100)]
    deploy_above: Annotated[float, Field(strict=True, gt=0, le=5)]
    review_below: Annotated[float, Field(strict=True, gt=0, le=5)]
    rollback_at: Annotated[float, Field(strict=True, ge=-1, lt=0)]
    rest_days: Positive
    holdback_share: Annotated[float, Field(strict=True, gt=0, lt=1)]
    holdback_days: Positive
    approval_days: Positive

    @model_validator(mode="after")
    def _bands_in_order(self) -> TestPolicy:
        if self.review_below > self.deploy_above:
            raise ValueError("review_below must not be above deploy_above")
        return self


class Measures(Directive):
    """What counts as usual, and how many alarms a quarter may be false, all watched rates together."""

    baseline_days: Annotated[int, Field(strict=True, ge=7, le=90)]
    false_alarms_a_quarter: Annotated[float, Field(strict=True, gt=0, le=100)]


class Bottlenecks(Directive):
    """From where on something holds the whole loop up, and how long a remedy that failed rests."""

    response_hours: Positive
    contacted_share: Share
    qualified_share: Share
    classifier_f1: Share
    qualified_days: Positive
    source_low: Share
    source_high: Share
    rest_days: Positive


class Outreach(Directive):
    """Tempo, budgets, meetings, holdout, tests, measures, scoring, retention (key `outreach`)."""

    call: CallLimits
    email: EmailLimits
    sms: SmsLimits
    steps: StepLimits
    daily_usd: Budget
    lookup: Lookup
    meetings: Meetings
    default_playbook: str
    warm_playbook: str
    holdout: Holdout
    tests: TestPolicy
    measures: Measures
    bottlenecks: Bottlenecks
    scoring: Scoring
    call_timing: CallTiming
    conversation_days: Positive
    ready_pool_days: Positive

    def usual_usd(self, channel: ChannelName) -> float:
        """What one touch is expected to cost, to say how many fit into a budget; never what is reserved.

        A call is taken as a minute: most are not answered, or are over sooner.
        """
        usd: dict[ChannelName, float] = {
            "call": self.call.usd_per_minute,
            "email": self.email.usd_each,
            "sms": self.sms.usd_per_segment,
        }
        return usd[channel]

    retention: Retention
