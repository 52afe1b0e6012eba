"""One question to Claude, asked once, with an answer that must have the shape of a model.

The official SDK with its retries off: who asks decides whether to ask again. Its `messages.parse` is not
used: it parses before one can look why the answer ended, and loses the price of what it cannot parse.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from shared.directives.prompts import ModelName
from shared.errors import ChannelDown
from shared.providers.claude.errors import classify
from shared.providers.claude.prices import Usage

Ending = Literal["whole", "cut", "refused"]


@dataclass(frozen=True)
class Question:
    """`told` is the same every time and is kept in Claude's cache; `asked` is this time's data."""

    model: ModelName
    max_tokens: int
    told: str
    asked: str
    shape: type[BaseModel]

    @property
    def letters(self) -> int:
        """Length of the prompt."""
        return len(self.told) + len(self.asked) + len(str(schema_of(self.shape)))


@dataclass(frozen=True)
class Said:
    """What came back. Only a `whole` text can be expected to have the shape that was asked for."""

    id: str
    text: str
    ending: Ending
    usage: Usage


class Claude:
    """Asks; nothing is retried. Raises `ProviderError`."""

    provider = "anthropic"

    def __init__(
        self, api_key: str, *, base_url: str = "https://api.anthropic.com", deadline_s: float = 180.0
    ) -> None:
        self._key, self._base = api_key, base_url.rstrip("/")
        self.deadline_s = deadline_s

    def ask(self, question: Question) -> Said:
        """Ask once."""
        import anthropic

        with anthropic.Anthropic(
            api_key=self._key, base_url=self._base, max_retries=0, timeout=self.deadline_s
        ) as client:
            try:
                message = client.messages.create(
                    model=question.model,
                    max_tokens=question.max_tokens,
                    system=[{"type": "text", "text": question.told, "cache_control": {"type": "ephemeral"}}],
                    messages=[{"role": "user", "content": question.asked}],
                    output_config={"format": {"type": "json_schema", "schema": schema_of(question.shape)}},
                )
            except anthropic.APIResponseValidationError:
                raise ChannelDown(
                    "anthropic answered with no message.", code="anthropic.no_message"
                ) from None
            except anthropic.APIError as error:
                raise classify(error) from None
        return _said(message)


@functools.cache
def schema_of(shape: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema as the service takes it; limits it does not know are checked by the model itself."""
    from anthropic import transform_schema

    return transform_schema(shape)


def _said(message: Any) -> Said:
    usage = message.usage
    text = "".join(block.text for block in message.content if block.type == "text")
    endings: dict[str, Ending] = {"end_turn": "whole", "stop_sequence": "whole", "refusal": "refused"}
    return Said(
        message.id,
        text,
        endings.get(message.stop_reason, "cut"),
        Usage(
            usage.input_tokens,
            usage.cache_creation_input_tokens or 0,
            usage.cache_read_input_tokens or 0,
            usage.output_tokens,
        ),
    )
