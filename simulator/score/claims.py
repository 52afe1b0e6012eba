"""What the loop says about itself, as plain values; nothing in here is believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class ClaimedExperiment:
    """A test the loop ran. `arms` are the references of the contacts of each arm, the control first.

    `verdict` is the loop's own word, None while it runs; `won` says that it took the treatment for better.
    `lever` is what the arms differ in.
    """

    id: str
    lever: str
    metric: str
    arms: tuple[frozenset[str], frozenset[str]]
    started_at: datetime
    ended_at: datetime | None = None
    verdict: str | None = None
    won: bool = False


@dataclass(frozen=True)
class Citation:
    """A figure a hypothesis rests on: so many contacts of a channel in a span of time reached a metric.

    `metric` may be `sent`. The span holds its beginning and not its end, and the time of sending counts.
    """

    channel: str
    metric: str
    since: datetime
    until: datetime
    n: int


@dataclass(frozen=True)
class ClaimedHypothesis:
    """Something the loop believes with a probability: where `where` holds, `metric` is higher, or lower.

    `experiment` names the test that tries it, for what is a matter of words or plan; else it speaks of the
    people and moments of `where` on one channel.
    """

    id: str
    channel: str
    metric: str
    higher: bool
    probability: float
    where: Mapping[str, str] = field(default_factory=dict)
    experiment: str | None = None
    cites: tuple[Citation, ...] = ()


@dataclass(frozen=True)
class ClaimedIncident:
    """Trouble the loop noticed: what it took it for and what it struck, such as a provider or a stage.

    `closed_at` is when the loop called it repaired; `checked` says that a look afterwards found it gone.
    """

    kind: str
    target: str
    opened_at: datetime
    closed_at: datetime | None = None
    checked: bool = False


@dataclass(frozen=True)
class Account:
    """The loop's own counts of a run, for what no wire can see."""

    leads: int = 0
    planned: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)
    outcomes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Claims:
    """Everything the loop says. `missing` are the stages that do not exist, so that nobody could claim."""

    account: Account = Account()
    experiments: tuple[ClaimedExperiment, ...] = ()
    hypotheses: tuple[ClaimedHypothesis, ...] = ()
    incidents: tuple[ClaimedIncident, ...] = ()
    missing: tuple[str, ...] = ()
