"""The stage table: what runs when, for how long, and where its code is.

Everything that has to know a stage reads it here: the runner, the Modal app, the dispatcher, the status
page. Entry points are strings, so reading the table imports no stage.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from importlib import import_module
from typing import Any, Literal

from shared.errors import ConfigurationError, NotBuilt
from shared.period import PeriodKind
from shared.report import StageReport

DateRule = Literal["any", "today", "refused"]

GLANCE = "functions.medic.watch:glance"
"""What looks at once when a run failed or saw trouble."""

LEASE_MARGIN_S = 20  # a container is ended by its time limit before its lease lapses


@dataclass(frozen=True)
class Stage:
    """One row of the table.

    `cron` is read in the owner's zone. `timeout_s` ends the container; `lease_s` is how long the ledger
    keeps others out, longer than the time limit, and for a slot stage shorter than the time to the next
    slot where a crash must not cost two. `catch_up` is how long after its slot a missed run may still
    start; a slot stage never works through old slots, only the newest. `days_back` is how far the period
    lies before the slot's date. `sends` covers touches and mail to the owner: by hand only with `--live`.
    `uses` names the provider folders whose SDKs a run may load; `packages` the Debian packages its image
    needs on top. An `optional` one waits while the database is slow, so that what people wait for does not.
    """

    name: str
    cron: str
    period: PeriodKind
    timeout_s: int
    lease_s: int
    catch_up: timedelta
    does: str
    entry: str | None = None
    timezone: Literal["owner"] = "owner"
    days_back: int = 0
    dates: DateRule = "any"
    sends: bool = False
    optional: bool = False
    uses: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()

    @property
    def built(self) -> bool:
        """Whether this release holds the stage; one that is not built never has a schedule."""
        return self.entry is not None

    def resolve(self) -> Callable[..., StageReport]:
        """The stage's `run(loop, period, **options)`. Raises `NotBuilt`."""
        if self.entry is None:
            raise NotBuilt(f"{self.name} is not built yet.")
        return resolve(self.entry)


def _stage(
    name: str,
    cron: str,
    period: PeriodKind,
    does: str,
    *,
    timeout_s: int,
    catch_up: timedelta,
    entry: str | None = None,
    days_back: int = 0,
    dates: DateRule = "any",
    sends: bool = False,
    optional: bool = False,
    uses: tuple[str, ...] = (),
) -> Stage:
    return Stage(
        name=name,
        cron=cron,
        period=period,
        timeout_s=timeout_s,
        lease_s=timeout_s + LEASE_MARGIN_S,
        catch_up=catch_up,
        does=does,
        entry=entry,
        days_back=days_back,
        dates=dates,
        sends=sends,
        optional=optional,
        uses=uses,
    )


STAGES: tuple[Stage, ...] = (
    _stage(
        "daily_executor",
        "0 8 * * *",
        "day",
        "plans the day's touches",
        timeout_s=1200,
        catch_up=timedelta(hours=12),
        entry="functions.campaigns.daily_executor:run",
        dates="today",
        uses=("resend", "twilio"),
    ),
    _stage(
        "outreach_tick",
        "*/3 * * * *",
        "slot",
        "sends what is due to whom it may",
        timeout_s=150,
        catch_up=timedelta(minutes=3),
        entry="functions.campaigns.outreach_tick:run",
        dates="refused",
        sends=True,
        uses=("resend", "twilio", "vapi"),
    ),
    _stage(
        "prospector",
        "*/15 * * * *",
        "slot",
        "finds leads when the ready pool runs low",
        timeout_s=600,
        catch_up=timedelta(minutes=15),
        dates="refused",
        optional=True,
    ),
    _stage(
        "mid_day_analyzer",
        "0 14 * * *",
        "day",
        "reads the morning and reorders the afternoon",
        timeout_s=600,
        catch_up=timedelta(hours=3),
        entry="functions.campaigns.mid_day_analyzer:run",
        dates="today",
        optional=True,
    ),
    _stage(
        "evening_report",
        "0 17 * * *",
        "day",
        "writes the owner's daily email",
        timeout_s=900,
        catch_up=timedelta(hours=6),
        entry="functions.campaigns.evening_report:run",
        sends=True,
        uses=("resend",),
    ),
    _stage(
        "ab_test_manager",
        "*/30 * * * *",
        "slot",
        "decides, deploys and rolls back tests",
        timeout_s=900,
        catch_up=timedelta(minutes=30),
        entry="functions.learning.ab_test_manager:run",
        dates="refused",
    ),
    _stage(
        "daily_metrics",
        "5 0 * * *",
        "day",
        "rolls up yesterday",
        timeout_s=1200,
        catch_up=timedelta(hours=23),
        entry="functions.learning.daily_metrics:run",
        days_back=1,
    ),
    _stage(
        "daily_system_analysis",
        "30 20 * * *",
        "day",
        "reads the whole system for gaps",
        timeout_s=1800,
        catch_up=timedelta(hours=3),
        entry="functions.learning.daily_system_analysis:run",
        uses=("claude",),
        optional=True,
    ),
    _stage(
        "weekly_learning_agent",
        "0 20 * * 0",
        "week",
        "finds patterns and plans tests",
        timeout_s=3600,
        catch_up=timedelta(hours=24),
        entry="functions.learning.weekly_learning_agent:run",
        uses=("resend", "claude", "github"),
        sends=True,
        optional=True,
    ),
    _stage(
        "system_medic",
        "0 0,3,6,9,11,12,15,18,21 * * *",
        "slot",
        "audits, reconciles and repairs",
        timeout_s=1800,
        catch_up=timedelta(minutes=55),
        entry="functions.medic.system_medic:run",
        uses=("resend", "twilio"),
        dates="refused",
    ),
    _stage(
        "watch",
        "*/5 * * * *",
        "slot",
        "probes, and starts what was missed",
        timeout_s=240,
        catch_up=timedelta(minutes=5),
        entry="functions.medic.watch:run",
        dates="refused",
        uses=("resend", "twilio"),
    ),
    _stage(
        "status_report",
        "0 */6 * * *",
        "slot",
        "publishes the state of the system",
        timeout_s=600,
        catch_up=timedelta(hours=6),
        dates="refused",
        sends=True,
        optional=True,
    ),
)

BY_NAME = {stage.name: stage for stage in STAGES}


def get(name: str) -> Stage:
    """The stage of that name. Raises `ConfigurationError` with the near miss."""
    try:
        return BY_NAME[name]
    except KeyError:
        near = get_close_matches(name, BY_NAME, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise ConfigurationError(f"There is no stage {name!r}.{hint}", code="usage") from None


def built() -> tuple[Stage, ...]:
    """The stages of this release, in the table's order."""
    return tuple(stage for stage in STAGES if stage.built)


def not_built() -> tuple[str, ...]:
    """The names that status and mail list as not built."""
    return tuple(stage.name for stage in STAGES if not stage.built)


def resolve(entry: str) -> Callable[..., Any]:
    """Import `module:function`, now and not before: a stage imports only what it uses."""
    module, _, function = entry.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), function)
    return found
