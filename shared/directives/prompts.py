"""What Claude is told: one page for each question, with the model that answers and what it may cost."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from shared.directives.base import Directive, Usd

ModelName = Literal["claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5"]


class ModelPrompt(Directive):
    """One question to Claude (keys `prompts/<name>`); `body` is its system prompt, the same every time.

    `daily_usd` bounds what this question may cost a day; an answer has at most `max_tokens`.
    """

    model: ModelName
    max_tokens: Annotated[int, Field(strict=True, ge=256, le=16_000)]
    daily_usd: Usd
    body: Annotated[str, Field(min_length=1, max_length=20_000)]
