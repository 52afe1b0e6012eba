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
import math
from collections.abc import Callable

from bench.experiments_traffic import CELLS, CHECKS, traffic

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


def main() -> None:
    """One line per cell and rule: wins, stops, and the median day of the stops."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sims", type=int, help="simulations of a cell, at most (default: all)")
    parser.add_argument("--gbstats-every", type=int, default=4, help="gbstats looks at each n-th check")
    args = parser.parse_args()
    sequential = gbstats_rule()
    for cell in CELLS.values():
        sims = min(cell.sims, args.sims or cell.sims)
        counts = traffic(cell, sims, args.seed).live_counts()
        for name, rule, every in (("R1", r1, 1), ("R2", r2, 1), ("gbstats", sequential, args.gbstats_every)):
            if rule is None:
                print(f"{cell.name:28} {name:8} is not installed")
                continue
            wins, stops = 0, []
            for sim in range(sims):
                for check in range(every - 1, CHECKS, every):
                    four = [int(each) for each in counts[sim, check]]
                    if min(four[0], four[2]) < FEWEST:
                        continue
                    if (outcome := rule(*four)) is not None:
                        wins += outcome == "win"
                        if outcome == "stop":
                            stops.append((check + 1) / 20)
                        break
            middle = f"{sorted(stops)[len(stops) // 2]:.1f}" if stops else "-"
            print(
                f"{cell.name:28} {name:8} win {wins / sims:6.1%}   stop {len(stops) / sims:6.1%}"
                f"   median stop, day {middle}   ({sims})"
            )


if __name__ == "__main__":
    main()
