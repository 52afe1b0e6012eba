"""The table of scores: every world by several seeds, written to docs/scores.md.

    uv run python -m bench.scores [--days 28] [--seeds 3] [--worlds ordinary trap …]

Nothing in the table is a time of this machine, so the same seeds give the same page. A measure of something
that does not exist yet says so in its cell.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from statistics import fmean
from typing import Any

from simulator.seeds import run_seeds
from simulator.simulate import Job
from simulator.worlds import shipped

PAGE = Path(__file__).parent.parent / "docs" / "scores.md"
Runs = Sequence[Mapping[str, Any]]
Cell = Callable[[Runs], str]

INTRODUCTION = """# Where the loop stands

What the [judge](decisions/0014-a-judge-apart-from-dice-and-loop.md) says of the loop in each of its worlds.
Written by `uv run python -m bench.scores --days {days} --seeds {seeds}`; do not edit it by hand.

{days} days of each world, {runs}. Counts are sums over the seeds, the rest are means. Nothing here is asked
of the loop but what it claims; everything is counted from what the providers received and what is true of
the world.
"""

LEGEND = """
- **Invariants** must be 0 everywhere.
- **From "stop" to the last touch**: from the moment somebody said so until no touch could reach them any
  more, over the people of one seed.
- **Meetings** are those to be expected from the contacts that were made, over all dice: as they were, as they
  would have been without learning, and with everything that helps, at the best hour (an upper bound, because
  capacity is not looked at). **Regret** is what lies between the first and the last.
- **Faults**: of some nobody has to take notice; the reasons are below. A repair counts when a look found the
  fault gone and it was; the time runs from the injection to that look.
- **Figures in the owner's emails** are counted again as of the minute of each mail. What is due and why
  somebody was not contacted cannot be seen from outside, so it is not among them.
"""


def total(*path: str) -> Cell:
    """A count, summed over the seeds."""
    return lambda runs: f"{sum(_at(run, path) or 0 for run in runs):,.0f}"


def mean(*path: str, digits: int = 1) -> Cell:
    """The mean over those seeds that have the figure; a dash where none has."""

    def cell(runs: Runs) -> str:
        found = [value for run in runs if (value := _at(run, path)) is not None]
        return f"{fmean(found):,.{digits}f}" if found else "–"

    return cell


def unless_missing(stage: str, cell: Cell) -> Cell:
    """The cell, or that the stage which would have earned it does not exist."""

    def checked(runs: Runs) -> str:
        return f"missing: {stage}" if any(stage in run["missing"] for run in runs) else cell(runs)

    return checked


def of_faults(name: str) -> Cell:
    """A count of faults over all kinds."""

    def cell(runs: Runs) -> str:
        kinds = [kind for run in runs for kind in run["faults"].values()]
        return f"{sum(kind[name] for kind in kinds):,}" if kinds else "none injected"

    return cell


def time_of_faults(name: str, counted: str) -> Cell:
    """A mean time over all faults that have it."""

    def cell(runs: Runs) -> str:
        kinds = [kind for run in runs for kind in run["faults"].values() if kind[name] is not None]
        weight = sum(kind[counted] for kind in kinds)
        return f"{sum(kind[name] * kind[counted] for kind in kinds) / weight:,.0f}" if weight else "–"

    return cell


def sent(runs: Runs) -> str:
    """Accepted contacts by channel."""
    return ", ".join(total("sent", channel)(runs) for channel in ("call", "email", "sms"))


def tests(runs: Runs) -> str:
    """How many tests were begun."""
    return f"{sum(len(run['experiments']) for run in runs):,}"


MANAGER, LEARNER = "ab_test_manager", "weekly_learning_agent"
ROWS: tuple[tuple[str, Cell | None], ...] = (
    ("**Volume**", None),
    ("Leads", total("leads")),
    ("Touches planned", total("planned")),
    ("Calls, emails, texts accepted", sent),
    ("**Invariants**", None),
    ("Sent twice", total("violations", "sent_twice")),
    ("Outside lawful hours", total("violations", "outside_window")),
    ("After opt-out", total("violations", "after_opt_out")),
    ("Without consent", total("violations", "without_consent")),
    ('**From "stop" to the last touch**', None),
    ("Median, s", mean("opt_out_to_last_touch_s", "p50")),
    ("99th percentile, s", mean("opt_out_to_last_touch_s", "p99")),
    ("**Figures in the owner's emails**", None),
    ("Counted again", total("recount", "figures")),
    ("Not what happened", total("recount", "mismatches")),
    ("**Tests**", None),
    ("Begun", unless_missing(MANAGER, tests)),
    ("False wins", unless_missing(MANAGER, total("false_wins"))),
    ("Missed winners", unless_missing(MANAGER, total("missed_winners"))),
    ("**Beliefs**", None),
    ("True", unless_missing(LEARNER, total("hypotheses", "true"))),
    ("False", unless_missing(LEARNER, total("hypotheses", "false"))),
    ("Unsupported", unless_missing(LEARNER, total("hypotheses", "unsupported"))),
    ("Brier score", unless_missing(LEARNER, mean("hypotheses", "brier", digits=3))),
    ("**Meetings to be expected**", None),
    ("As it was", mean("meetings", "loop", digits=2)),
    ("Without learning", mean("meetings", "baseline", digits=2)),
    ("Oracle", mean("meetings", "oracle", digits=2)),
    ("Regret", mean("regret", digits=2)),
    ("**Faults**", None),
    ("Injected", of_faults("injected")),
    ("To be noticed", of_faults("to_notice")),
    ("Detected", of_faults("detected")),
    ("Repaired", of_faults("repaired")),
    ("Wrongly called repaired", of_faults("wrongly_repaired")),
    ("Mean time to detect, s", time_of_faults("mttd_s", "detected")),
    ("Mean time to repair, s", time_of_faults("mttr_s", "repaired")),
)


def page(found: Mapping[str, Runs], *, days: int, seeds: Sequence[int]) -> str:
    """The whole page: a column for each world, and the stages that are missing."""
    runs = f"seeds {seeds[0]} to {seeds[-1]}" if len(seeds) > 1 else f"seed {seeds[0]}"
    head = ["| | " + " | ".join(f"`{name}`" for name in found) + " |", "| --- |" + " ---: |" * len(found)]
    rows = [_row(label, cell, found) for label, cell in ROWS]
    missing = sorted({stage for each in found.values() for run in each for stage in run["missing"]})
    absent = f"\nStages that do not exist yet: {', '.join(missing)}.\n" if missing else ""
    introduction = INTRODUCTION.format(days=days, seeds=len(seeds), runs=runs)
    return "\n".join([introduction, *head, *rows]) + "\n" + absent + LEGEND + _by_kind(found)


def _by_kind(found: Mapping[str, Runs]) -> str:
    """The faults of all worlds, kind by kind."""
    kinds: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for run in chain.from_iterable(found.values()):
        for kind, counts in run["faults"].items():
            kinds[kind].append(counts)
    if not kinds:
        return ""
    counted = ("injected", "detected", "repaired", "wrongly_repaired")
    columns = ("Fault", "Injected", "Detected", "Repaired", "Wrongly called so", "")
    head = f"| {' | '.join(columns)} |\n| --- |{' ---: |' * len(counted)} --- |"
    rows = (
        f"| `{kind}` | {' | '.join(f'{sum(each[name] for each in counts):,}' for name in counted)} |"
        f" {counts[0]['excuse']} |"
        for kind, counts in sorted(kinds.items())
    )
    return "\n".join(
        [
            "\n## Fault by fault\n",
            "What is said beside a kind is why nobody has to notice it.\n",
            head,
            *rows,
            "",
        ]
    )


def _row(label: str, cell: Cell | None, found: Mapping[str, Runs]) -> str:
    return f"| {label} | " + " | ".join(cell(runs) if cell else "" for runs in found.values()) + " |"


def _at(run: Mapping[str, Any], path: Iterable[str]) -> Any:
    value: Any = run
    for name in path:
        value = value[name]
    return value


def main() -> None:
    """Run every world and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--worlds", nargs="+", default=shipped(), choices=shipped())
    parser.add_argument("--days", type=int, default=28)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    seeds = list(range(1, options.seeds + 1))
    found: dict[str, Runs] = {}
    for world in options.worlds:
        jobs = [Job(world, options.days, seed) for seed in seeds]
        found[world] = run_seeds(jobs, lambda *_: None)
        print(f"{world}: done", file=sys.stderr)
    PAGE.write_text(page(found, days=options.days, seeds=seeds), encoding="utf-8")
    print(f"wrote {PAGE}")


if __name__ == "__main__":
    main()
