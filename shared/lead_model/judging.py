"""Judge a ranking honestly: each block of leads is scored by what was learned from the leads before it.

People compete with those of the same days, so leads are ranked within their block, and blocks are averaged
with their outcomes as weights.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from shared.lead_model.columns import Lead
from shared.lead_model.training import NotEnoughHistory, Training, train
from shared.stats.ranking import Calibration, Interval, auc, calibration, capture, mean_over_blocks

TOP: Final = 0.2
FEWEST_BLOCKS: Final = 3

Ranker = Callable[[Sequence[Lead], Sequence[bool], Sequence[Lead]], Sequence[float]]
"""From the leads so far, their outcomes, and new leads, to a score for each of the new ones."""


@dataclass(frozen=True)
class Block:
    """Leads that came together, and how well they were ranked before their outcomes were known."""

    start: int
    leads: int
    outcomes: int
    auc: float
    capture: float


@dataclass(frozen=True)
class Judgement:
    """What a ranking was worth on later leads. `calibration` is None for scores that are no chances."""

    leads: int
    outcomes: int
    blocks: tuple[Block, ...]
    auc: Interval
    capture: Interval
    calibration: Calibration | None


def learned(names: Sequence[str], how: Training | None = None) -> Ranker:
    """Rank by the chances of the model that the leads so far give."""

    def rank(before: Sequence[Lead], outcomes: Sequence[bool], new: Sequence[Lead]) -> list[float]:
        model = train(before, outcomes, names, how)
        return [model.probability(lead) for lead in new]

    return rank


def walk_forward(
    rows: Sequence[Lead],
    outcomes: Sequence[bool],
    rank: Ranker,
    *,
    block: int,
    first: int,
    chances: bool = True,
    confidence: float = 0.95,
) -> Judgement:
    """Score each block of leads from `first` on by what was learned before it.

    A last block shorter than half of `block` is left out, and so is one in which all came to the same.
    Raises `NotEnoughHistory` when fewer than three blocks are left, or the first leads teach nothing.
    """
    judged: list[Block] = []
    seen: list[Any] = []
    for start in range(first, len(rows) - block // 2 + 1, block):
        until = min(start + block, len(rows))
        y = np.asarray(outcomes[start:until], float)
        if not 0 < y.sum() < len(y):
            continue
        scores = np.asarray(rank(rows[:start], outcomes[:start], rows[start:until]), float)
        judged.append(Block(start, len(y), int(y.sum()), auc(y, scores), capture(y, scores, TOP)))
        seen.append((y, scores))
    if len(judged) < FEWEST_BLOCKS:
        raise NotEnoughHistory(
            f"{len(rows)} leads give {len(judged)} blocks of {block} with both outcomes after the first "
            f"{first}; {FEWEST_BLOCKS} are needed."
        )
    y, scores = (np.concatenate(parts) for parts in zip(*seen, strict=True))
    return Judgement(
        leads=len(y),
        outcomes=int(y.sum()),
        blocks=tuple(judged),
        auc=over_blocks([b.auc for b in judged], judged, confidence),
        capture=over_blocks([b.capture for b in judged], judged, confidence),
        calibration=calibration(y, scores) if chances else None,
    )


def over_blocks(values: Sequence[float], blocks: Sequence[Block], confidence: float) -> Interval:
    """The mean of one figure per block, weighted by outcomes, with its interval."""
    return mean_over_blocks(values, [b.outcomes for b in blocks], confidence)


def better_by(one: Judgement, other: Judgement, confidence: float) -> Interval:
    """How much more AUC the first ranking has than the second, block by block over the same leads."""
    differences = [a.auc - b.auc for a, b in zip(one.blocks, other.blocks, strict=True)]
    return over_blocks(differences, one.blocks, confidence)
