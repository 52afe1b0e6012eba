"""From where on the watch counts something as wrong, and when the owner hears of it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shared.directives.base import Directive, Positive

SomeShare = Annotated[float, Field(strict=True, gt=0, le=1)]


class Backlog(Directive):
    """So many touches, so late, with nothing that holds them back."""

    late_minutes: Positive
    touches: Positive


class Errors(Directive):
    """Failed runs in one hour that are no accident any more."""

    per_hour: Positive


class Unsettled(Directive):
    """How long a touch may stay unknown, and how long one may wait for the owner."""

    unknown_minutes: Positive
    parked_hours: Positive


class EndlessCalls(Directive):
    """How long a call may go without news of its end."""

    endless_minutes: Positive


class WebhookSilence(Directive):
    """Hours without a report from a provider that owes at least `awaiting` of them."""

    silent_hours: Positive
    awaiting: Positive


class Database(Directive):
    """A slow answer, in milliseconds, and an old transaction, in minutes."""

    slow_ms: Positive
    transaction_minutes: Positive


class MailHealth(Directive):
    """Share of bounces and number of complaints in seven days, from `minimum_sent` emails on."""

    minimum_sent: Positive
    bounce_share: SomeShare
    complaints: Positive


class SpendAlarm(Directive):
    """The share of a day's budget at which the owner is told."""

    share: SomeShare


class Breaker(Directive):
    """How long a channel rests after two failures in a row, doubled after each one more, and at most."""

    first_minutes: Positive
    longest_minutes: Positive


class Escalation(Directive):
    """When an incident that stays open reaches the owner, and when it is told again."""

    email_after_minutes: Positive
    repeat_hours: Positive


class Medic(Directive):
    """The limits of the watch and the medic (key `medic`)."""

    backlog: Backlog
    errors: Errors
    unsettled: Unsettled
    calls: EndlessCalls
    webhooks: WebhookSilence
    database: Database
    mail: MailHealth
    spend: SpendAlarm
    breaker: Breaker
    escalation: Escalation
