"""The rules as the owner's files state them: dated, sourced rows, checked when they are read."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from shared.errors import DirectiveError
from shared.frontmatter import M, near_miss, split, validate
from shared.gate.request import CHANNELS, ConsentKind, LineType
from shared.providers.channel import ChannelName
from shared.zones import STATES

SHIPPED: Final = Path(__file__).parents[2] / "directives" / "rules"

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: Final[tuple[Day, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Need = Literal["none", "company_opt_in", "opt_in", "written"]
SetupItem = Literal["postal_address", "unsubscribe", "domain", "number", "campaign"]
Phone = Literal["call", "sms"]


def _time_of_day(value: object) -> object:
    if isinstance(value, time):
        return value
    hour, colon, minute = str(value).partition(":")
    try:
        return time(int(hour), int(minute) if colon else 0)
    except ValueError:
        raise ValueError("is not a time of day like 8:00 or 17:30") from None


def _state_code(value: object) -> object:
    if value in STATES:
        return value
    raise ValueError(f"is not the two-letter code of a state{near_miss(str(value), STATES)}")


def _every(*names: str) -> AfterValidator:
    """A mapping in which none of these may be left out: what is not stated is not guessed."""

    def check(rows: dict[str, object]) -> dict[str, object]:
        missing = [name for name in names if name not in rows]
        if missing:
            raise ValueError(f"lacks {', '.join(missing)}")
        return rows

    return AfterValidator(check)


# Strict: `true` is not 1 and "50" is not 50, whatever they look like in the file.
PositiveInt = Annotated[int, Field(strict=True, ge=1)]
TimeOfDay = Annotated[time, BeforeValidator(_time_of_day)]
StateCode = Annotated[str, BeforeValidator(_state_code)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Row(_Model):
    """A rule: where it comes from and when that was last true."""

    source: str = Field(min_length=2)
    as_of: date
    note: str = ""


class Hours(_Model):
    """Open from `opens` until just before `closes`, local time."""

    opens: TimeOfDay
    closes: TimeOfDay

    @model_validator(mode="after")
    def _in_order(self) -> Hours:
        if self.opens >= self.closes:
            raise ValueError("opens at or after it closes")
        return self


class HoursRow(Row, Hours):
    """Hours with their source."""


class Window(HoursRow):
    """When the product contacts people on one channel."""

    days: tuple[Day, ...]
    holidays: Literal["closed", "open"]


class CallingHours(_Model):
    """`calling_hours.md`: the federal ceiling, the product's windows, the hours of an unknown state."""

    federal: HoursRow
    unknown_state: HoursRow
    windows: Annotated[dict[ChannelName, Window], _every(*CHANNELS)]

    @model_validator(mode="after")
    def _inside_federal_hours(self) -> CallingHours:
        for channel, window in self.windows.items():
            if channel != "email" and not (
                self.federal.opens <= window.opens and window.closes <= self.federal.closes
            ):
                raise ValueError(f"windows.{channel} reaches outside the federal hours")
        return self


class StateRule(Row):
    """What one state asks beyond federal law. Hours bind calls and texts; email is left alone."""

    opens: TimeOfDay | None = None
    closes: TimeOfDay | None = None
    saturday: Hours | Literal["closed"] | None = None
    sunday: Hours | Literal["closed"] | None = None
    holidays: Literal["closed"] | None = None
    max_24h: PositiveInt | None = None
    blocked: tuple[Phone, ...] = ()
    registration: tuple[Phone, ...] = ()
    recording: Literal["one_party", "all_party"] = "one_party"

    @model_validator(mode="after")
    def _in_order(self) -> StateRule:
        if self.opens and self.closes and self.opens >= self.closes:
            raise ValueError("opens at or after it closes")
        return self


class StateRules(_Model):
    """`states.md`: one row per state that differs from the federal rules."""

    states: dict[StateCode, StateRule]


class Country(Row):
    """Whether people of a country are contacted at all, and whether email needs consent there."""

    allowed: bool
    email_needs_consent: bool


class LineTypes(Row):
    """What a channel needs before it uses a type of line. A type that is not listed is refused."""

    needs: dict[LineType, Need]


class ConsentRule(Row):
    """Which kinds of consent satisfy a need, and for how long without a look into the reassigned numbers."""

    satisfied_by: Annotated[
        dict[Literal["opt_in", "written"], tuple[ConsentKind, ...]], _every("opt_in", "written")
    ]
    stale_after_days: PositiveInt


class DncRule(Row):
    """The national do-not-call list: how old the comparison may be, which lines it does not cover."""

    scrub_max_age_days: PositiveInt
    exempt_lines: tuple[LineType, ...]


class AnswerRule(Row):
    """How long after the person's own message an answer may go out at any hour."""

    within_minutes: PositiveInt


class ContactRules(_Model):
    """`contact.md`: countries, lines, consent, do-not-call, answers."""

    countries: dict[str, Country]
    lines: Annotated[dict[Phone, LineTypes], _every("call", "sms")]
    consent: ConsentRule
    national_dnc: DncRule
    answers: AnswerRule


class Frequency(Row):
    """Touches to one person on all channels together."""

    per_24h: PositiveInt
    per_7d: PositiveInt
    total: PositiveInt

    @model_validator(mode="after")
    def _rises(self) -> Frequency:
        if not self.per_24h <= self.per_7d <= self.total:
            raise ValueError("per_24h, per_7d and total must not fall in this order")
        return self


class RampStep(_Model):
    """From this day of a sender's life on, this many sends a day."""

    from_day: int = Field(ge=0)
    per_day: PositiveInt


class SenderRule(Row):
    """What a sender needs, and how much it may send."""

    setup: tuple[SetupItem, ...]
    ramp: tuple[RampStep, ...] = Field(min_length=1)
    ceiling_per_day: PositiveInt
    per_hour: PositiveInt | None = None
    gap_minutes: PositiveInt | None = None

    @model_validator(mode="after")
    def _rises_to_ceiling(self) -> SenderRule:
        days = [step.from_day for step in self.ramp]
        if days[0] != 0 or days != sorted(set(days)):
            raise ValueError("the ramp must start with from_day 0 and rise")
        if max(step.per_day for step in self.ramp) > self.ceiling_per_day:
            raise ValueError("the ramp passes ceiling_per_day")
        return self

    def cap_on(self, warmup_day: int) -> int:
        """Sends allowed on that day of the sender's life."""
        return max(
            (s for s in self.ramp if s.from_day <= max(warmup_day, 0)), key=lambda s: s.from_day
        ).per_day


class Waits(Row):
    """How long to wait before asking again when something other than the clock refused."""

    hourly_cap_minutes: PositiveInt
    vendor_minutes: PositiveInt
    sender_health_minutes: PositiveInt
    sender_setup_minutes: PositiveInt


class Tripwire(_Model):
    """Crossed when both the count and its share of the sends are reached."""

    share: Annotated[float, Field(strict=True, gt=0, lt=1)]
    least: PositiveInt


class OutcomeRule(Row):
    """How much of something bad a mailbox may get back within some days: first a warning, then a rest."""

    window_days: PositiveInt
    watch: Tripwire
    stop: Tripwire

    @model_validator(mode="after")
    def _warns_first(self) -> OutcomeRule:
        if self.watch.share > self.stop.share or self.watch.least > self.stop.least:
            raise ValueError("watch must not lie above stop")
        return self


class AnswerRate(Row):
    """When a number rests: its calls are answered less often than those of its pool, and not by chance.

    `chance` is the probability of so few answers, were it as good as the others.
    """

    window_days: PositiveInt
    least_calls: PositiveInt
    chance: Annotated[float, Field(strict=True, gt=0, lt=0.5)]


class HealthRules(_Model):
    """What puts a sender to rest."""

    bounces: OutcomeRule
    complaints: OutcomeRule
    answers: AnswerRate


class Pace(_Model):
    """`pace.md`: how often and how much."""

    frequency: Frequency
    senders: Annotated[dict[ChannelName, SenderRule], _every(*CHANNELS)]
    health: HealthRules
    waits: Waits


_FILES: Final = ("calling_hours.md", "states.md", "contact.md", "pace.md")


@dataclass(frozen=True)
class Rules:
    """Everything the gate decides by. `version` changes with every change of the files' text."""

    hours: CallingHours
    states: Mapping[str, StateRule]
    contact: ContactRules
    pace: Pace
    version: str

    @classmethod
    def load(cls, path: Path | str | None = None) -> Rules:
        """The rules in a folder, the shipped `directives/rules` by default. Raises DirectiveError."""
        folder = Path(path) if path is not None else SHIPPED
        texts: dict[str, str] = {}
        for name in _FILES:
            try:
                texts[name] = (folder / name).read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise DirectiveError(f"{name}: cannot be read: {type(error).__name__}") from error
        return cls.parse(texts)

    @classmethod
    def parse(cls, texts: Mapping[str, str]) -> Rules:
        """The rules from the files' texts by file name. Raises DirectiveError for the first faulty file."""
        for name in texts.keys() ^ set(_FILES):
            trouble = "is missing" if name in _FILES else f"is no rules file{near_miss(name, _FILES)}"
            raise DirectiveError(f"{name}: {trouble}")
        return cls(
            hours=_part(CallingHours, "calling_hours.md", texts),
            states=_part(StateRules, "states.md", texts).states,
            contact=_part(ContactRules, "contact.md", texts),
            pace=_part(Pace, "pace.md", texts),
            version=_version(texts),
        )

    def max_24h(self, channel: ChannelName, region: str | None) -> int:
        """Touches to one person in 24 hours: the owner's figure, or a state's lower one for calls and SMS."""
        state = self.states.get(region or "")
        ceiling = state.max_24h if state and channel != "email" else None
        return min(self.pace.frequency.per_24h, ceiling or self.pace.frequency.per_24h)

    def sender_cap(self, channel: ChannelName, warmup_day: int) -> int:
        """Sends a day for a sender on that day of its life; `begin_send` takes its tokens from this."""
        return self.pace.senders[channel].cap_on(warmup_day)

    def all_party_recording(self, region: str | None) -> bool:
        """Whether everyone on the line must agree to a recording there; yes where the state is unknown."""
        if region not in STATES:
            return True
        state = self.states.get(region or "")
        return state is not None and state.recording == "all_party"


def _part(model: type[M], name: str, texts: Mapping[str, str]) -> M:
    return validate(model, split(texts[name], file=name)[0], file=name)


def _version(texts: Mapping[str, str]) -> str:
    digest = hashlib.sha256()
    for name in sorted(texts):
        digest.update(f"{name}\0{texts[name]}\0".encode())
    return digest.hexdigest()[:16]
