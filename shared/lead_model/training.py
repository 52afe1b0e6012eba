"""Learn the model: logistic regression with shrunken levels, in which people compete with those around them.

Rates move with seasons, scripts and lists, and so does who is contacted. Each cohort of leads that came at
the same time therefore has an intercept of its own: what a level is worth is read off within cohorts only.
The intercepts follow each other like a random walk, and the newest one is what the model predicts with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.errors import GrowthLoopError
from shared.lead_model.columns import Column, Lead, learn_columns
from shared.lead_model.model import LeadModel
from shared.stats.logistic import Array, fit_logistic

FEWEST: Final = 20
"""Leads with the outcome, and without it, below which nothing is learned."""
REMEMBERED: Final = 8
"""Half-lives after which a lead no longer counts: it weighs 0.4 %."""


class NotEnoughHistory(GrowthLoopError):
    """There are too few outcomes to learn from or to judge by."""

    code = "not_enough_history"


@dataclass(frozen=True)
class Training:
    """How a model learns. Lengths are in leads.

    `half_life`: a lead that came so much earlier weighs half. `cohort`: leads with an intercept of their own.
    `shrinkage`: the ridge that pulls each level to the average. `drift`: how far (log odds) the intercept may
    move from one cohort to the next.
    """

    half_life: int = 2000
    cohort: int = 500
    shrinkage: float = 10.0
    drift: float = 1.0


def train(
    rows: Sequence[Lead], outcomes: Sequence[bool], names: Sequence[str], how: Training | None = None
) -> LeadModel:
    """The model of a history, oldest lead first. Raises `NotEnoughHistory`."""
    how = how or Training()
    since = max(0, len(rows) - REMEMBERED * how.half_life)
    rows, y = rows[since:], np.asarray(outcomes[since:], float)
    fewest = int(min(y.sum(), len(y) - y.sum()))
    if fewest < FEWEST:
        raise NotEnoughHistory(
            f"Only {fewest} of {len(y)} leads differ from the others; {FEWEST} are needed."
        )
    columns = learn_columns(names, rows)
    levels = [_codes(column, rows) for column in columns]
    ages = np.arange(len(rows))[::-1]
    cohorts = ages // how.cohort
    cohorts = cohorts.max() - cohorts
    hot = [_one_hot(codes, len(known)) for codes, known in levels]
    design = np.hstack([*hot, _one_hot(cohorts, int(cohorts.max()) + 1)])
    weights = 0.5 ** (ages / how.half_life)
    penalty = _penalty(sum(len(known) for _, known in levels), int(cohorts.max()) + 1, how)
    offset = float(np.log(y.mean() / (1 - y.mean())))
    found = fit_logistic(design, y, weights, penalty, offset)
    return _centred(columns, levels, found, weights, offset)


def _codes(column: Column, rows: Sequence[Lead]) -> tuple[NDArray[np.intp], list[str]]:
    levels = [column.level(row.get(column.name)) for row in rows]
    known = sorted(set(levels))
    place = {level: at for at, level in enumerate(known)}
    return np.array([place[level] for level in levels]), known


def _one_hot(codes: NDArray[np.intp], width: int) -> Array:
    return np.equal.outer(codes, np.arange(width)).astype(float)


def _penalty(levels: int, cohorts: int, how: Training) -> Array:
    """Ridge on the levels; on the intercepts a random walk that starts at the mean with a wide prior."""
    penalty = np.diag(np.r_[np.full(levels, how.shrinkage), np.full(cohorts, 1e-3)])
    for k in range(levels, levels + cohorts - 1):
        pair = np.array([[1, -1], [-1, 1]]) / how.drift**2
        penalty[k : k + 2, k : k + 2] += pair
    return penalty


def _centred(
    columns: Sequence[Column],
    levels: Sequence[tuple[NDArray[np.intp], list[str]]],
    found: Array,
    weights: Array,
    offset: float,
) -> LeadModel:
    """Weights in the mean 0 over the leads, their sum unchanged: reasons are told beside the average lead."""
    intercept, at = offset + float(found[-1]), 0
    told: dict[str, dict[str, float]] = {}
    for column, (codes, known) in zip(columns, levels, strict=True):
        part = found[at : at + len(known)]
        mean = float(np.average(part[codes], weights=weights))
        told[column.name] = {level: round(float(b) - mean, 6) for level, b in zip(known, part, strict=True)}
        intercept, at = intercept + mean, at + len(known)
    return LeadModel(tuple(columns), told, round(intercept, 6))
