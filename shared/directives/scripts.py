"""Sequences, and what is said and written in their steps."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from shared.directives.base import (
    ChannelName,
    Directive,
    EmailBody,
    Name,
    Positive,
    Prompt,
    SmsBody,
    Spoken,
    Subject,
)


class Step(Directive):
    """One place in a sequence. `day` counts from the enrolment's first day, which is 0.

    `hour`, where given, is the recipient's local hour before which the step does not go out.
    """

    step: Positive
    channel: ChannelName
    day: Annotated[int, Field(strict=True, ge=0, le=365)]
    script: str
    hour: Annotated[int, Field(strict=True, ge=0, le=23)] | None = None
    purpose: Literal["prospect"] = "prospect"


class Playbook(Directive):
    """An ordered sequence of steps to one person (keys `playbooks/<name>`).

    Steps are in the order they are meant. Two steps of one day are alternatives in practice: the once-a-day
    cap holds the second back when the first went out, and lets it through when the first was refused.
    """

    title: Name
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _in_order(self) -> Playbook:
        for before, after in zip(self.steps, self.steps[1:], strict=False):
            if after.step <= before.step:
                raise ValueError(f"step {after.step} comes after step {before.step}: numbers must rise")
            if after.day < before.day:
                raise ValueError(f"step {after.step} is due on day {after.day}, before step {before.step}")
        places = [(step.channel, step.day) for step in self.steps]
        for channel, day in places:
            if places.count((channel, day)) > 1:
                raise ValueError(f"has two {channel} steps on day {day}")
        return self


class Voice(Directive):
    """A voice as the calling service names it. The voice is a disclosed AI, so it copies no real person."""

    provider: Literal[
        "vapi", "11labs", "azure", "cartesia", "deepgram", "hume", "lmnt", "minimax", "openai", "rime-ai"
    ]
    voice_id: Name


class CallScript(Directive):
    """What the voice assistant says first and how it behaves. `body` is its system prompt.

    The identity, AI and recording sentence is not here: it is compliance text and comes before `opener`.
    """

    channel: Literal["call"]
    persona: Name
    voice: Voice
    opener: Spoken
    voicemail: Spoken
    body: Prompt


class EmailScript(Directive):
    """A short plain email. The footer with address and unsubscribe link is compliance text."""

    channel: Literal["email"]
    persona: Name
    subject: Subject
    body: EmailBody


class SmsScript(Directive):
    """One text message. The way to opt out is compliance text and is added after `body`."""

    channel: Literal["sms"]
    persona: Name
    body: SmsBody


Script = CallScript | EmailScript | SmsScript
