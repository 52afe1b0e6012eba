"""What a world file holds: who comes, from where, at which rates, what is planted, and what goes wrong.

Strict: whatever is not known or does not fit is named with its file, its field and what was probably meant.
"""

from __future__ import annotations

from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from shared.errors import ConfigurationError
from shared.frontmatter import near_miss, validate
from simulator.faults import Entry, read_entries
from simulator.leads import columns
from simulator.truth import Planted
from simulator.world.effects import CONDITIONS, METRICS
from simulator.world.features import FEATURES
from simulator.world.places import STATE_NAMES
from simulator.world.rates import Rates, Share, Table, read_toml

FOLDER = Path(__file__).parent
TOLERANCE = 0.001
REGIONS = ("eastern", "central", "mountain", "pacific", "hawaii")
SIZES = ("small", "middle", "large")
TRADES = tuple(name for name, _, _ in columns.TRADES)

Arrive = Literal["daily", "weekly"]
Count = Annotated[int, Field(ge=0)]
AtLeastOne = Annotated[int, Field(ge=1)]


def one_of(value: str, known: tuple[str, ...], what: str) -> str:
    """The value, if it is known. Raises `ValueError` that lists what is."""
    if value not in known:
        raise ValueError(f"{value} is no {what}: {', '.join(known)}{near_miss(value, known)}")
    return value


def _whole(shares: dict[str, float]) -> dict[str, float]:
    if abs(sum(shares.values()) - 1) > TOLERANCE:
        raise ValueError(f"adds up to {sum(shares.values()):g}, not 1")
    return shares


def _of(known: tuple[str, ...], what: str) -> AfterValidator:
    return AfterValidator(lambda shares: {one_of(name, known, what): share for name, share in shares.items()})


Whole = Annotated[dict[str, Share], AfterValidator(_whole)]
Trades = Annotated[Whole, _of(TRADES, "trade")]
Regions = Annotated[Whole, _of(REGIONS, "region")]
Sizes = Annotated[Whole, _of(SIZES, "size")]


class Leads(Table):
    """Who comes in, and how fast. `regions` turns into `regions_later` evenly over `turn_weeks`.

    Shares: `colleagues` of leads belong to the company before; a lead has a `mobile`, a `direct` number, a
    `main` line, an `email`, an email said to be `verified`, a sign of `intent`.
    """

    per_week: AtLeastOne
    arrive: Arrive = "daily"
    trades: Trades
    staff: Sizes
    sources: Whole
    regions: Regions
    regions_later: Regions | None = None
    turn_weeks: AtLeastOne = 4
    colleagues: Share
    mobile: Share
    direct: Share
    main: Share
    email: Share
    verified: Share
    intent: Share


class Consents(Table):
    """Shares of the people with a mobile who agreed to calls and texts, and of these consents the `stale`.

    `opted_in_states` are those for whose company lines the owner opted in.
    """

    call: Share
    sms: Share
    stale: Share
    opted_in_states: tuple[str, ...]

    @field_validator("opted_in_states")
    @classmethod
    def _are_states(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(one_of(state, tuple(STATE_NAMES), "state") for state in value)


class Scrub(Table):
    """Shares of numbers checked against the do-not-call list at all, long ago, and found on it."""

    done: Share
    stale: Share
    listed: Share


class DailyBudget(Table):
    """What may be spent a day, in US dollars."""

    call: Annotated[float, Field(ge=0)]
    email: Annotated[float, Field(ge=0)]
    sms: Annotated[float, Field(ge=0)]
    lookup: Annotated[float, Field(ge=0)]


class Senders(Table):
    """Numbers and mailboxes, warmed for so many days when the world begins. No budget: the shipped one."""

    numbers: Annotated[int, Field(ge=0, le=200)]
    mailboxes: Annotated[int, Field(ge=0, le=200)]
    warm_days: Count
    daily_usd: DailyBudget | None = None


class Effect(Table):
    """One planted effect; a lift of 0 is a planted null, which a learner must not find. See `Planted`."""

    id: Annotated[str, Field(min_length=1, max_length=60)]
    lever: Annotated[str, Field(min_length=1)]
    feature: str = ""
    where: dict[str, str] = Field(default_factory=dict)
    metric: str
    lift: Annotated[float, Field(ge=-1, le=10)]
    opt_out_lift: Annotated[float, Field(ge=-1, le=50)] = 0.0
    starts_day: Count = 0
    fades_days: AtLeastOne | None = None

    @field_validator("feature")
    @classmethod
    def _is_a_feature(cls, value: str) -> str:
        return one_of(value, tuple(FEATURES), "feature of words") if value else ""

    @field_validator("metric")
    @classmethod
    def _is_a_metric(cls, value: str) -> str:
        return one_of(value, METRICS, "figure an effect can move")

    @field_validator("where")
    @classmethod
    def _are_conditions(cls, value: dict[str, str]) -> dict[str, str]:
        for name, wanted in value.items():
            one_of(name, tuple(CONDITIONS), "condition")
            if name == "hours" and not _is_span(wanted):
                raise ValueError(f"hours {wanted!r} is no span of whole hours such as 9-11")
        return value

    def planted(self) -> Planted:
        """The effect as the world and its truth know it."""
        return Planted(**self.model_dump())


def _is_span(text: str) -> bool:
    first, _, end = text.partition("-")
    return first.isdigit() and end.isdigit() and int(first) < int(end) <= 24


def _read(tables: object) -> object:
    """The faults as `[[faults]]` gives them; what is already read is left alone."""
    given = tables if isinstance(tables, list | tuple) else [tables]
    if all(isinstance(each, Entry) for each in given):
        return tuple(given)
    try:
        return read_entries(given, "faults")
    except ConfigurationError as error:
        raise ValueError(str(error).removeprefix("faults: ")) from error


class WorldFile(Table):
    """One world: `about` says in a sentence what it is for.

    With `like = "ordinary"` a file need only say where it differs from that shipped world.
    `rates` replaces base rates and `times` multiplies them, both by their path such as
    `"emails.reply_per_person"`.
    """

    about: str
    first_day: date
    leads: Leads
    consents: Consents
    scrub: Scrub
    senders: Senders
    rates: dict[str, Any] = Field(default_factory=dict)
    times: dict[str, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)
    planted: tuple[Effect, ...] = ()
    faults: Annotated[tuple[Entry, ...], BeforeValidator(_read)] = ()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        names = [each.id for each in self.planted]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"planted twice: {', '.join(twice)}")
        if self.first_day.weekday() != 0:
            raise ValueError(f"first_day {self.first_day} is no Monday: weeks of leads begin there")
        Rates.load().changed(self.rates, self.times)
        return self

    @cached_property
    def base_rates(self) -> Rates:
        """The base rates with this world's changes."""
        return Rates.load().changed(self.rates, self.times)

    @property
    def effects(self) -> tuple[Planted, ...]:
        """Everything planted, nulls included."""
        return tuple(each.planted() for each in self.planted)


def shipped() -> tuple[str, ...]:
    """The names of the worlds that come with the simulator."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def load(name: str) -> tuple[str, WorldFile]:
    """A shipped world by its name, or any by its file; the first of the two is what it is called.

    Raises `ConfigurationError` naming the file, the field and the fix.
    """
    path = Path(name)
    if path.suffix != ".toml":
        path = FOLDER / f"{name}.toml"
        if not path.is_file():
            near = near_miss(name, shipped())
            raise ConfigurationError(
                f"There is no world {name!r}: {', '.join(shipped())}, or a TOML file{near}."
            )
    return path.stem, validate(WorldFile, _whole_tables(path), file=path.name)


def _whole_tables(path: Path) -> dict[str, Any]:
    """The file's tables on top of those of the shipped world it is `like`; lists are replaced as a whole."""
    tables = read_toml(path)
    like = tables.pop("like", None)
    if like is None:
        return tables
    if like not in shipped() or like == path.stem:
        raise ConfigurationError(f"{path.name}: like: {like!r} is none of {', '.join(shipped())}")
    base = _whole_tables(FOLDER / f"{like}.toml")
    for name, value in tables.items():
        within = base.get(name)
        base[name] = within | value if isinstance(within, dict) and isinstance(value, dict) else value
    return base
