"""Companies that chance set apart, beside the others."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class HoldoutCounts(BaseModel):
    """Companies enrolled long enough ago, and those of them with a meeting, by whether contacted."""

    model_config = ConfigDict(frozen=True)

    held_out: int
    held_out_meetings: int
    contacted: int
    contacted_meetings: int


class RankingCounts(BaseModel):
    """Companies contacted, and those of them with interest or a meeting: by rank, and put by chance."""

    model_config = ConfigDict(frozen=True)

    ranked: int
    ranked_won: int
    at_random: int
    at_random_won: int
