"""Anybody's history of leads as a table: read, checked, and what a model would have been worth on it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from shared.errors import ConfigurationError
from shared.lead_model.columns import Lead, learn_column
from shared.lead_model.judging import Judgement, learned, walk_forward
from shared.lead_model.training import train
from shared.stats.ranking import auc

YES: Final = frozenset({"yes", "y", "true", "1", "1.0", "won", "converted"})
NO: Final = frozenset({"no", "n", "false", "0", "0.0", "lost", "none"})
TELLING: Final = 0.8
"""AUC of a single column from which it is suspected of being filled in after the contact."""
MOST_ROWS: Final = 500_000


@dataclass(frozen=True)
class History:
    """Leads in the order of time, the columns to learn from, and remarks."""

    rows: tuple[Lead, ...]
    outcomes: tuple[bool, ...]
    names: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Evaluation:
    """The judgement, and in words what the model of the whole history says."""

    block_size: int
    first: int
    columns: tuple[str, ...]
    judgement: Judgement
    reasons: tuple[str, ...]


def history_of(
    file: str,
    header: Sequence[str],
    rows: Sequence[tuple[int, Sequence[str]]],
    *,
    outcome: str,
    ignore: Collection[str] = (),
) -> History:
    """The history in a table: its header, and the line and cells of each row.

    Raises `ConfigurationError` with file, column and line for what cannot be used.
    """
    names = [name.strip().strip("\ufeff") for name in header]
    _check_names(file, names, [outcome, *ignore])
    if len(rows) > MOST_ROWS:
        raise ConfigurationError(
            f"{file} has {len(rows)} rows; at most {MOST_ROWS} are read. Give the newest."
        )
    at = names.index(outcome)
    outcomes = [_outcome(file, outcome, line, cells[at] if at < len(cells) else "") for line, cells in rows]
    kept = [name for name in names if name and name != outcome and name not in ignore]
    found: list[Lead] = [dict(zip(names, cells, strict=False)) for _, cells in rows]
    usable = [name for name in kept if not _is_name(found, name)]
    notes = [f"{n}: every row differs; not learned from." for n in kept if n not in usable]
    notes += [
        f"{n}: alone it has AUC {found_auc:.2f}. If it is filled in after the contact, use --ignore {n}."
        for n in usable
        if (found_auc := _alone(found, outcomes, n)) >= TELLING
    ]
    return History(tuple(found), tuple(outcomes), tuple(usable), tuple(notes))


def evaluate(history: History, *, block: int | None = None, first: int | None = None) -> Evaluation:
    """What the learned model is worth on later leads. Raises `NotEnoughHistory`."""
    rows = len(history.rows)
    block, first = block or max(20, rows // 20), first or max(50, rows // 10)
    judged = walk_forward(history.rows, history.outcomes, learned(history.names), block=block, first=first)
    model = train(history.rows, history.outcomes, history.names)
    parts = [
        (weight, f"  {name} {level}: odds x{np.exp(weight):.2f}")
        for name, levels in model.weights.items()
        for level, weight in levels.items()
    ]
    strongest = sorted(parts, key=lambda part: -abs(part[0]))[:8]
    return Evaluation(block, first, history.names, judged, tuple(words for _, words in strongest))


def _check_names(file: str, names: Sequence[str], asked: Sequence[str]) -> None:
    for name in asked:
        if name not in names:
            raise ConfigurationError(f"{file} has no column {name}. It has: {', '.join(names)}.")
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise ConfigurationError(f"{file} has the column {twice[0]} twice. Rename one of them.")


def _outcome(file: str, column: str, line: int, cell: str) -> bool:
    word = cell.strip().casefold()
    if word not in YES | NO:
        said = "is empty" if not word else "is neither yes nor no"
        raise ConfigurationError(
            f"{file}, line {line}, column {column}: the outcome {said}. Write yes or no."
        )
    return word in YES


def _is_name(rows: Sequence[Lead], name: str) -> bool:
    """Whether a column names rows instead of describing them: words that never repeat, a running number."""
    column = learn_column(name, [row.get(name) for row in rows])
    if column.kind == "numbers":
        values = [row.get(name) for row in rows]
        return (
            len(rows) > 1
            and values == sorted(values, key=lambda v: float(v or 0))
            and len(set(values)) == len(rows)
        )
    return not column.levels


def _alone(rows: Sequence[Lead], outcomes: Sequence[bool], name: str) -> float:
    """AUC of one column's levels, each scored by its share of outcomes."""
    column = learn_column(name, [row.get(name) for row in rows])
    levels = [column.level(row.get(name)) for row in rows]
    seen: dict[str, tuple[int, int]] = {}
    for level, outcome in zip(levels, outcomes, strict=True):
        n, won = seen.get(level, (0, 0))
        seen[level] = (n + 1, won + outcome)
    if not 0 < sum(outcomes) < len(outcomes):
        return 0.5
    scores = np.array([seen[level][1] / seen[level][0] for level in levels])
    return auc(np.asarray(outcomes, float), scores)
