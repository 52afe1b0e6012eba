"""Skills: remedies for bottlenecks, each with its test."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter

from shared.state.transport import Transport

SkillKind = Literal[
    "instant-responder", "lead-scorer", "pattern-optimizer", "follow-up-sequencer", "source-optimizer"
]


class SourceYield(BaseModel):
    """Of `n` companies of a source that were contacted, `k` answered positively."""

    model_config = ConfigDict(frozen=True)

    source: str
    n: int
    k: int


class Flow(BaseModel):
    """How leads move: what came in and was contacted in a week, and what became of those contacted before.

    A mean of nothing is None: no activity is no good figure.
    """

    model_config = ConfigDict(frozen=True)

    new: int
    contacted: int
    response_hours: float | None
    reached: int
    qualified: int
    days_to_qualified: float | None
    sources: tuple[SourceYield, ...]


class Skill(BaseModel):
    """A remedy, its test and what became of it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: int
    kind: SkillKind
    problem: str
    metric: str
    baseline_value: float
    target_value: float
    experiment_id: int
    state: Literal["testing", "active", "killed"]
    spawned_at: datetime
    decided_at: datetime | None
    reason: str | None


_SKILLS = TypeAdapter(list[Skill])


class Skills:
    """Verbs over skills."""

    def __init__(self, transport: Transport) -> None:
        self._call = transport.call

    def flow(self, since: datetime, upto: datetime, first_day: date, last_day: date) -> Flow:
        """Arrivals of the span from `since`; outcomes of companies first contacted in the days given."""
        return Flow.model_validate(
            self._call(
                "bottlenecks_v1",
                since=since.isoformat(),
                upto=upto.isoformat(),
                first_day=first_day.isoformat(),
                last_day=last_day.isoformat(),
            )
        )

    def spawn(self, skill: dict[str, Any], proposal: dict[str, Any], *, rest_days: int) -> str | None:
        """A skill {kind, problem, metric, baseline_value, target_value} and its test, both or neither.

        None when it was spawned, else why not.
        """
        answer = self._call("spawn_skill_v1", skill=skill, proposal=proposal, rest_days=rest_days)
        refused: str | None = answer.get("refused")
        return refused

    def all(self, max_rows: int = 100) -> list[Skill]:
        """The newest skills."""
        return _SKILLS.validate_python(self._call("skills_v1", max_rows=max_rows))
