"""What the analyst answers, whether Claude or the built-in one: a schema in which nothing else can be said.

There is no field for a recipient, a window, an amount or a compliance text, so no answer can name one.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.state.hypotheses import Cited

TestedLever = Literal[
    "call_script",
    "opener",
    "voicemail",
    "email_subject",
    "email_body",
    "sms_text",
    "step_spacing",
    "call_hour",
]
TestedMetric = Literal["answered", "dm_contact", "conversation", "replied", "positive", "booked"]
MOST_PROPOSALS = 6


class Shape(BaseModel):
    """A part of the answer: no field beyond those named."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class StepChange(Shape):
    """When one step of a sequence is due; what is None stays as it is."""

    step: int
    day: Annotated[int, Field(ge=0, le=365)] | None
    hour: Annotated[int, Field(ge=0, le=23)] | None


class Proposal(Shape):
    """One change of one thing, with what it rests on and what it should bring."""

    claim: Annotated[str, Field(min_length=10, max_length=300)]
    why: Annotated[str, Field(max_length=600)]
    test_plan: Annotated[str, Field(max_length=600)]
    lever: TestedLever
    directive: Annotated[str, Field(max_length=80)]
    text: Annotated[str, Field(max_length=12_000)]
    steps: list[StepChange]
    metric: TestedMetric
    evidence: list[Cited]
    probability: Annotated[float, Field(ge=0, le=1)]
    lift: Annotated[float, Field(gt=0, le=5)]
    lift_low: Annotated[float, Field(ge=-1, le=5)]
    lift_high: Annotated[float, Field(ge=-1, le=10)]
    new_claim: bool


class Lesson(Shape):
    """Something the week taught, with its figures."""

    title: Annotated[str, Field(min_length=5, max_length=120)]
    told: Annotated[str, Field(min_length=5, max_length=600)]
    evidence: list[Cited]


class WeeklyAnswer(Shape):
    """What one weekly reading gives."""

    proposals: Annotated[list[Proposal], Field(max_length=MOST_PROPOSALS)]
    learnings: Annotated[list[Lesson], Field(max_length=10)]
