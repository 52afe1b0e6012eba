"""Questions to a model: begun within a budget, settled with a price, never paid for twice."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, TypeAdapter

from shared.state.transport import Transport

Outcome = Literal["answered", "malformed", "refused", "failed"]
CHUNK = 500


class Begun(BaseModel):
    """The answer to an intent. What is `submitted` may be asked now, what is `settled` was asked before."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    status: str
    id: UUID | None = None
    fence: int = 0
    outcome: Outcome | None = None
    answer: Any = None
    cost_usd: float = 0.0


class PromptSpend(BaseModel):
    """The calls of one prompt in a span."""

    model_config = ConfigDict(frozen=True)

    prompt: str
    calls: int
    answered: int
    usd: float


_SPEND = TypeAdapter(list[PromptSpend])


class ModelCalls:
    """Verbs over questions to a model."""

    def __init__(self, transport: Transport, installation_id: UUID) -> None:
        self._call = transport.call
        self._installation_id = installation_id

    def begin(
        self,
        *,
        natural_key: str,
        prompt: str,
        prompt_hash: str,
        model: str,
        today: date,
        worst_usd: float,
        daily_usd: float,
        lease_s: int,
    ) -> Begun:
        """Intent to ask, with its worst price reserved from the day's budget of this prompt."""
        found = self._call(
            "begin_model_call_v1",
            installation_id=self._installation_id,
            natural_key=natural_key,
            prompt=prompt,
            prompt_hash=prompt_hash,
            model=model,
            today=today.isoformat(),
            worst_usd=worst_usd,
            daily_usd=daily_usd,
            lease_s=lease_s,
        )
        return Begun.model_validate(found)

    def settle(
        self,
        begun: Begun,
        *,
        provider_id: str,
        outcome: Outcome,
        answer: Any,
        cost_usd: float,
        input_tokens: int,
        cached_tokens: int,
        output_tokens: int,
    ) -> bool:
        """Keep the answer and its price; False when the call is no longer this worker's."""
        return bool(
            self._call(
                "settle_model_call_v1",
                id=str(begun.id),
                fence=begun.fence,
                provider_id=provider_id,
                outcome=outcome,
                answer=answer,
                cost_usd=cost_usd,
                input_tokens=input_tokens,
                cached_tokens=cached_tokens,
                output_tokens=output_tokens,
            )
        )

    def fail(self, begun: Begun, *, code: str, cost_usd: float, retry_at: datetime | None) -> bool:
        """Note that no answer came; without `retry_at` it is given up."""
        return bool(
            self._call(
                "fail_model_call_v1",
                id=str(begun.id),
                fence=begun.fence,
                code=code,
                cost_usd=cost_usd,
                retry_at=retry_at.isoformat() if retry_at else None,
            )
        )

    def spend(self, since: datetime, upto: datetime) -> list[PromptSpend]:
        """What was asked in a span, and what it cost, by prompt."""
        found = self._call("model_spend_v1", since=since.isoformat(), upto=upto.isoformat())
        return _SPEND.validate_python(found)

    def expire_answers(self, before: datetime) -> int:
        """Let one chunk of older answers go, since they may repeat people's words; counts them."""
        return int(self._call("expire_model_answers_v1", before=before.isoformat(), max_rows=CHUNK))
