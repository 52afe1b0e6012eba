"""The same traffic decided by other rules: both founding ones, and gbstats' sequential test.

gbstats needs an older numpy, so this runs in an environment of its own:

    uv run --no-project --python 3.11 --with gbstats==0.8.0 --with 'numpy<2' --with 'pandas<2' \\
        python -m bench.experiments_rivals

All look at the live table at each of 560 checks and need 100 leads an arm. R1 is the founding rule of the
skills: keep at p < .05 and lift > 10 %, kill at lift < 5 % or p > .10. R2 is the founding rule of the loop:
deploy at p < .05 and lift > 20 %, roll back at -30 %.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench.experiments_traffic import CELLS, CHECKS, CHECKS_A_DAY, Cell, blocks

Outcome = str | None
Rule = Callable[[int, int, int, int], Outcome]
FEWEST = 100


def p_value(n_c: int, s_c: int, n_t: int, s_t: int) -> float:
    """Two-sided p of the pooled z, as the founding code computes it."""
    pooled = (s_c + s_t) / (n_c + n_t)
    if pooled in (0.0, 1.0):
        return 1.0
    z = (s_t / n_t - s_c / n_c) / math.sqrt(pooled * (1 - pooled) * (1 / n_c + 1 / n_t))
    return math.erfc(abs(z) / math.sqrt(2))


def lift_of(n_c: int, s_c: int, n_t: int, s_t: int) -> float:
    """Relative lift; 0 without a success of the control."""
    return (s_t / n_t) / (s_c / n_c) - 1 if s_c else 0.0


def r1(n_c: int, s_c: int, n_t: int, s_t: int) -> Outcome:
    """Keep, kill or go on."""
    p, lift = p_value(n_c, s_c, n_t, s_t), lift_of(n_c, s_c, n_t, s_t)
    if lift > 0.10 and p < 0.05:
        return "win"
    return "stop" if lift < 0.05 or p > 0.10 else None


def r2(n_c: int, s_c: int, n_t: int, s_t: int) -> Outcome:
    """Deploy, roll back or go on."""
    p, lift = p_value(n_c, s_c, n_t, s_t), lift_of(n_c, s_c, n_t, s_t)
    if lift > 0.20 and p < 0.05:
        return "win"
    return "stop" if lift <= -0.30 else None


def gbstats_rule() -> Rule | None:
    """gbstats' sequential test of a relative lift, 95 %; None where it is not installed."""
    try:
        from gbstats.frequentist.tests import SequentialConfig, SequentialTwoSidedTTest
        from gbstats.models.statistics import ProportionStatistic
    except ImportError:
        return None
    config = SequentialConfig(sequential_tuning_parameter=1400)

    def rule(n_c: int, s_c: int, n_t: int, s_t: int) -> Outcome:
        if not s_c or not s_t:
            return None
        test = SequentialTwoSidedTTest(
            ProportionStatistic(n=n_c, sum=s_c), ProportionStatistic(n=n_t, sum=s_t), config
        )
        if test.p_value >= 0.05:
            return None
        return "win" if s_t / n_t > s_c / n_c else "stop"

    return rule


@dataclass
class Ends:
    """How tests of one cell ended under one rule: wins, and the days on which the others were stopped."""

    tests: int = 0
    wins: int = 0
    splits: int = 0
    stops: list[float] = field(default_factory=list)

    def words(self) -> str:
        """For one field of the table."""
        if not self.tests:
            return "–"
        off = f", day {statistics.median(self.stops):.1f}" if self.stops else ""
        split = f" · split {self.splits / self.tests:.1%}" if self.splits else ""
        return f"{self.wins / self.tests:.1%} · {len(self.stops) / self.tests:.0%}{off}{split}"


def decided(rule: Rule, every: int, cell: Cell, sims: int, seed: int) -> Ends:
    """What a rule makes of the traffic of a cell, looking at each n-th check until it decides."""
    ends = Ends()
    for block in blocks(cell, sims, seed):
        for counts in block.live_counts():
            ends.tests += 1
            for check in range(every - 1, CHECKS, every):
                four = [int(each) for each in counts[check]]
                if min(four[0], four[2]) < FEWEST or (outcome := rule(*four)) is None:
                    continue
                ends.wins += outcome == "win"
                if outcome == "stop":
                    ends.stops.append((check + 1) / CHECKS_A_DAY)
                break
    return ends


def of_the_loop(out: Path, cell: Cell, sims: int, seed: int) -> Ends:
    """What the loop itself made of the same tests, from the file of `bench.experiments`."""
    ends, tests = Ends(), []
    lines = map(json.loads, out.read_text(encoding="utf-8").splitlines()) if out.exists() else ()
    for line in sorted(lines, key=lambda each: int(each["block"])):
        if (line["cell"], line["seed"]) == (cell.name, seed):
            tests += line["tests"]
    for test in tests[:sims]:
        ends.tests += 1
        ends.wins += test["win"]
        ends.splits += test["verdict"] == "INVALID_SRM"
        if test["off"] is not None and not test["win"]:
            ends.stops.append(test["off"])
    return ends


PAGE = """# How far the tests can be trusted

Simulated tests with a known truth, decided by the loop itself (database, manager, clock) and by three other
rules on the same traffic: 28 days, 20 looks a day, 700 leads a week. Written by two commands; do not edit.

    uv run python -m bench.experiments --out FILE
    uv run --no-project --python 3.11 --with gbstats==0.8.0 --with 'numpy<2' --with 'pandas<2' \\
        python -m bench.experiments_rivals --loop FILE --write docs/experiments.md

In each field: share of tests called a win · share stopped otherwise, and on which day in the middle.
R1 keeps at p < .05 and a lift above 10 %, kills at a lift below 5 % or p > .10. R2 deploys at p < .05 and a
lift above 20 %, rolls back at -30 %. gbstats is its sequential test of a relative lift at 95 %, tuned to
1,400 leads. All need 100 leads an arm. `hour_null_halves` and `hour_null_first_come` are what happens without
the [rule for capped hours](decisions/0032-calls-are-shared-as-arms-wait.md). Seed {seed}.

| traffic | goal | tests | this loop | R1 | R2 | gbstats |
| --- | --- | ---: | --- | --- | --- | --- |
{rows}
"""


def main() -> None:
    """Decide the same traffic by every rule, and print or write one table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sims", type=int, help="simulations of a cell, at most (default: all)")
    parser.add_argument("--gbstats-every", type=int, default=4, help="gbstats looks at each n-th check")
    parser.add_argument("--loop", type=Path, default=Path("experiments.jsonl"), help="what the loop decided")
    parser.add_argument("--write", type=Path, help="the page to write")
    args = parser.parse_args()
    rules = ((r1, 1), (r2, 1), (gbstats_rule(), args.gbstats_every))
    rows = []
    for cell in CELLS.values():
        sims = min(cell.sims, args.sims or cell.sims)
        loop = of_the_loop(args.loop, cell, sims, args.seed)
        ends = [Ends() if rule is None else decided(rule, n, cell, sims, args.seed) for rule, n in rules]
        fields = [f"`{cell.name}`", cell.goal or "–", f"{loop.tests:,} / {sims:,}"]
        rows.append("| " + " | ".join([*fields, loop.words(), *(each.words() for each in ends)]) + " |")
        print(rows[-1], flush=True)
    if args.write:
        args.write.write_text(PAGE.format(seed=args.seed, rows="\n".join(rows)), encoding="utf-8")


if __name__ == "__main__":
    main()
