"""The `[[faults]]` of a world file, read into frozen models that refuse every mistake.

Every entry has a `kind`, a `rate`, a `start` and a `length`. `start` counts from the midnight before the
run's first moment, on the owner's clock: `"1d 9h"` is nine in the morning of the second day. Without a
`length` a fault stays to the end. `rate` is the chance per request, webhook, call, firing or row; for a fault
that is a span of time as a whole it is the chance that the span comes at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
)

from functions.stages import STAGES
from shared.errors import ConfigurationError

UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
SPAN = re.compile(r"^(-?)((?:\d+[dhms]\s*)+)$")
SUPABASE_TIMEOUT = timedelta(seconds=8)

SENDS = ("vapi.create_call", "resend.send", "twilio.send")
POINTS = (
    *SENDS,
    *("vapi.list_calls", "vapi.call", "vapi.assistant", "vapi.control"),
    *("resend.emails", "resend.logs", "resend.domains", "twilio.read", "twilio.lookup"),
    *("apollo.api_search", "apollo.match", "apollo.webhook_result", "apollo.auth"),
    *("hunter.domain_search", "hunter.email_finder", "hunter.email_verifier", "hunter.account"),
    *("exa.search", "exa.read", "slack.post", "anthropic.create", "anthropic.read"),
    *("ghl.upsert_contact", "ghl.tags", "ghl.create_appointment", "ghl.list_appointments"),
    *("ghl.free_slots", "ghl.read", "ghl.write"),
    *("github.create_issue", "github.update_issue", "github.list_issues", "github.search"),
    *("github.comment", "github.list_comments", "github.read"),
    *("google_calendar.insert", "google_calendar.list", "google_calendar.get", "google_calendar.patch"),
    *("google_calendar.delete", "google_calendar.free_busy"),
)
LISTS = (
    *("vapi.list_calls", "resend.emails", "resend.logs", "twilio.read"),
    *("ghl.list_appointments", "github.list_issues", "github.search", "google_calendar.list"),
)
PROVIDERS = tuple(sorted({point.partition(".")[0] for point in POINTS}))


def span(text: object) -> timedelta:
    """A span of time such as `"2d 10h"`, `"90s"` or `"-5m"`."""
    found = SPAN.match(text.strip()) if isinstance(text, str) else None
    if found is None:
        raise ValueError(f'{text!r} is no span of time; write "2d 10h", "30m" or "90s"')
    parts = re.findall(r"(\d+)([dhms])", found[2])
    whole = sum((timedelta(**{UNITS[unit]: int(n)}) for n, unit in parts), timedelta(0))
    return -whole if found[1] else whole


def _forward(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError('must be longer than nothing, such as "30m"')
    return value


def _points(patterns: tuple[str, ...]) -> tuple[str, ...]:
    for pattern in patterns:
        if not any(fnmatchcase(point, pattern) for point in POINTS):
            raise ValueError(
                f"{pattern!r} names no operation; one of {', '.join(POINTS)}, or a pattern like vapi.*"
            )
    return patterns


def _stages(names: tuple[str, ...]) -> tuple[str, ...]:
    known = [stage.name for stage in STAGES]
    for name in names:
        if name not in known:
            raise ValueError(f"{name!r} is no stage; one of {', '.join(known)}")
    return names


def _provider(name: str) -> str:
    if name not in PROVIDERS:
        raise ValueError(f"{name!r} is no provider; one of {', '.join(PROVIDERS)}")
    return name


Share = Annotated[float, Field(ge=0, le=1)]
Span = Annotated[timedelta, BeforeValidator(span)]
Length = Annotated[timedelta, BeforeValidator(span), AfterValidator(_forward)]
Points = Annotated[tuple[str, ...], AfterValidator(_points)]
Provider = Annotated[str, AfterValidator(_provider)]
Stages = Annotated[tuple[str, ...], AfterValidator(_stages)]
Hook = Literal["svix", "twilio", "vapi"]


class Entry(BaseModel):
    """What all faults have."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    rate: Share = 1.0
    start: Span = timedelta(0)
    length: Length | None = None


class WebhookFault(Entry):
    """A webhook that never comes, comes after a later one, or that somebody else made up."""

    kind: Literal["webhook_lost", "webhook_reordered", "webhook_forged"]
    schemes: tuple[Hook, ...] = ("svix", "twilio", "vapi")


class WebhookLate(Entry):
    """A webhook that takes its time: between `least` and `most`, evenly on a logarithmic scale."""

    kind: Literal["webhook_late"]
    schemes: tuple[Hook, ...] = ("svix", "twilio", "vapi")
    least: Length = timedelta(minutes=1)
    most: Length = timedelta(days=3)


class WebhookDoubled(Entry):
    """A webhook that comes again with the same id, at most `within` later."""

    kind: Literal["webhook_doubled"]
    schemes: tuple[Hook, ...] = ("svix", "twilio", "vapi")
    within: Length = timedelta(hours=1)


class CallFault(Entry):
    """A connected call that stays in progress until somebody hangs it up, and is never reported."""

    kind: Literal["call_never_ends"]


class Dropped(Entry):
    """The effect takes place and the connection is reset before the answer."""

    kind: Literal["effect_dropped"]
    points: Points = SENDS


class TakesLong(Entry):
    """An answer that takes `takes` of virtual time; `timed_out` is one the caller did not wait for."""

    kind: Literal["slow", "timed_out"]
    points: Points = SENDS
    takes: Length = timedelta(seconds=20)


class ListLags(Entry):
    """A list that does not show yet what came in during the last `by`."""

    kind: Literal["list_lags"]
    points: Points = LISTS
    by: Length = timedelta(minutes=10)


class ErrorAnswer(Entry):
    """A 5xx without an effect; `list_down` is the same for lists alone."""

    kind: Literal["server_error"]
    points: Points = ("*",)
    status: Annotated[int, Field(ge=500, le=599)] = 503


class ListDown(Entry):
    """A provider's lists answer 503, while everything else works."""

    kind: Literal["list_down"]
    points: Points = LISTS


class RateLimited(Entry):
    """429 without an effect. The answer asks to wait for `retry_after`, or does not say how long."""

    kind: Literal["rate_limited"]
    points: Points = SENDS
    retry_after: Length | None = None


class QuotaReached(Entry):
    """The provider's own error for a period's quota that is used up."""

    kind: Literal["quota_reached"]
    points: Points = SENDS


class ProviderDown(Entry):
    """No connection to a provider at all, for the span."""

    kind: Literal["provider_down"]
    provider: Provider
    length: Length = timedelta(hours=3)


class DatabaseDown(Entry):
    """Every connection to the database is ended and none is accepted, for the span."""

    kind: Literal["database_down"]
    length: Length = timedelta(minutes=30)


class DatabaseSlow(Entry):
    """Every call of the loop to its database takes `takes` of virtual time, for the span."""

    kind: Literal["database_slow"]
    takes: Annotated[Length, Field(lt=SUPABASE_TIMEOUT)] = timedelta(seconds=2)
    length: Length = timedelta(hours=1)


class StageFault(Entry):
    """A firing that does not come, comes twice, runs beside itself, or dies in the middle."""

    kind: Literal["stage_missed", "stage_doubled", "stage_overlapping", "stage_killed"]
    stages: Stages = tuple(stage.name for stage in STAGES)


class ClockSkew(Entry):
    """A clock that is ahead (or behind): of the providers, of the database, or of the worker."""

    kind: Literal["clock_skew"]
    of: Literal["provider", "database", "worker"] = "provider"
    by: Span = timedelta(minutes=4)


class ClockChange(Entry):
    """The day at `start` is one on which the owner's clocks change (`first_day` moves the run so)."""

    kind: Literal["dst_change"]


class ModelFault(Entry):
    """An answer of the model that is broken, withheld, put off, or sure and wrong."""

    kind: Literal["model_malformed", "model_refused", "model_overloaded", "model_wrong"]


class Injection(Entry):
    """Words of an attacker in what somebody says, writes back, or is called."""

    kind: Literal["injection_transcript", "injection_reply", "injection_company"]


class NumberFlagged(Entry):
    """A calling number of ours that phones show as spam: only `answers` of those who would pick up still do.

    `number` is the provider's id of the number; without it every number is flagged.
    """

    kind: Literal["number_flagged"]
    number: str | None = None
    answers: Share = 0.3


class LeadFault(Entry):
    """A lead file with people twice under other spellings, or in a place where they are not."""

    kind: Literal["duplicate_leads", "wrong_zone"]


class Reassigned(Entry):
    """A telephone number that belongs to somebody else from some moment of the span on."""

    kind: Literal["number_reassigned"]


class OwnerSilent(Entry):
    """The owner does nothing of what they would have done."""

    kind: Literal["owner_silent"]
    length: Length = timedelta(weeks=3)


AnyEntry = Annotated[
    WebhookFault
    | WebhookLate
    | WebhookDoubled
    | CallFault
    | Dropped
    | TakesLong
    | ListLags
    | ListDown
    | ErrorAnswer
    | RateLimited
    | QuotaReached
    | ProviderDown
    | DatabaseDown
    | DatabaseSlow
    | StageFault
    | ClockSkew
    | ClockChange
    | ModelFault
    | Injection
    | NumberFlagged
    | LeadFault
    | Reassigned
    | OwnerSilent,
    Field(discriminator="kind"),
]
_ONE: TypeAdapter[Entry] = TypeAdapter(AnyEntry)


def read_entries(tables: Iterable[Any], file: str) -> tuple[Entry, ...]:
    """The faults of a world file, in its order.

    Raises `ConfigurationError` naming the file, the entry, counted from 1, the field and what it should be.
    """
    found: list[Entry] = []
    wrong: list[str] = []
    for place, table in enumerate(tables, start=1):
        try:
            found.append(_ONE.validate_python(table))
        except ValidationError as error:
            wrong += [f"fault {place}{_named(item)}: {item['msg']}" for item in error.errors()]
    if wrong:
        raise ConfigurationError(f"{file}: {'; '.join(wrong)}")
    return tuple(found)


def _named(item: Any) -> str:
    """The place of a mistake; the first part of a union's location is the kind itself."""
    loc = [str(part) for part in item["loc"]]
    return f" ({loc[0]}), {'.'.join(loc[1:])}" if len(loc) > 1 else f" ({loc[0]})" if loc else ""
