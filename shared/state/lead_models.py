"""Lead models: what was learned, how it was judged, which one is in force, and the scores it gave."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter

from shared.state.transport import Transport

PAGE = 500
Action = Literal["take_over", "renew", "step_back", "nothing"]


class PastLead(BaseModel):
    """A company at its first contact: what was known of it, and whether it came to the outcome since."""

    model_config = ConfigDict(frozen=True)

    day: date
    unit: str
    outcome: bool
    traits: dict[str, Any]


class Judged(BaseModel):
    """A model that was learned, without its weights."""

    model_config = ConfigDict(frozen=True)

    id: int
    version: str
    leads: int
    outcomes: int
    judgement: dict[str, Any]
    trained_at: datetime
    state: Literal["off", "in_force", "stepped_back", "replaced"]


class InForce(Judged):
    """The model that gives the scores."""

    model: dict[str, Any]


class Unscored(BaseModel):
    """A lead whose score is not by the model in force."""

    model_config = ConfigDict(frozen=True)

    lead_id: int
    traits: dict[str, Any]


_PAST = TypeAdapter(list[PastLead])
_JUDGED = TypeAdapter(list[Judged])
_UNSCORED = TypeAdapter(list[Unscored])


class LeadModels:
    """Verbs over lead models. A model never changes: what is learned anew is another one."""

    def __init__(self, transport: Transport) -> None:
        self._call = transport.call

    def history(self, metrics: Sequence[str], upto: date, most: int) -> list[PastLead]:
        """The newest `most` companies first contacted by `upto`, newest first; any metric is the outcome."""
        found: list[PastLead] = []
        while page := _PAST.validate_python(
            self._call(
                "lead_history_v1",
                metrics=list(metrics),
                upto=upto.isoformat(),
                after_day=found[-1].day.isoformat() if found else None,
                after_unit=found[-1].unit if found else None,
                max_rows=min(PAGE, most - len(found)),
            )
        ):
            found += page
            if len(found) >= most:
                break
        return found

    def newest(self, max_rows: int = 1) -> list[Judged]:
        """The models that were learned last, newest first."""
        return _JUDGED.validate_python(self._call("lead_models_v1", max_rows=max_rows))

    def in_force(self) -> InForce | None:
        """The model that gives the scores; None while the points do."""
        found = self._call("lead_model_in_force_v1")
        return InForce.model_validate(found) if found else None

    def keep(
        self,
        *,
        version: str,
        model: dict[str, Any],
        leads: int,
        outcomes: int,
        judgement: dict[str, Any],
        action: Action,
    ) -> dict[str, Any]:
        """Keep a model and do what its judgement says: {id, change}, None where nothing changed."""
        return dict(
            self._call(
                "keep_lead_model_v1",
                version=version,
                model=model,
                leads=leads,
                outcomes=outcomes,
                judgement=judgement,
                action=action,
            )
        )

    def step_back(self, *, approver: str) -> bool:
        """Let the points rank again; False when they did."""
        return bool(self._call("step_back_lead_model_v1", approver=approver))

    def to_score(self, model_id: int | None) -> Iterator[list[Unscored]]:
        """Leads whose score is not by this model (None: the points), by id, in pages."""
        after = 0
        while page := _UNSCORED.validate_python(
            self._call("leads_to_score_v1", model_id=model_id, after_id=after, max_rows=PAGE)
        ):
            yield page
            after = page[-1].lead_id

    def score(self, model_id: int | None, scores: Sequence[dict[str, Any]]) -> int:
        """Write {lead_id, score, priority, reasons}; what is planned for them takes its new place."""
        return int(self._call("score_leads_v1", model_id=model_id, scores=list(scores)))
