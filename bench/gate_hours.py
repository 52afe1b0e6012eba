"""The gate against its oracle, whole: every hour of two years, every US zone, every row of the rules.

    uv run python -m bench.gate_hours [--processes 2] [--stride 1]

Prints each difference and exits 1 if there is one. Nothing is measured but the time it took.
"""

from __future__ import annotations

import argparse
import sys
import time
from functools import cache, partial
from multiprocessing import Pool

from shared.gate import Rules
from tests.support import hours_oracle as oracle
from tests.support.gate_hours import HOURS, Setting, differences, rules_of, settings


@cache
def rules_under(owner: oracle.OwnerHours) -> Rules:
    """The shipped rules with these hours, once per process."""
    return rules_of(Rules.load(), owner)


def judge(case: Setting, stride: int) -> list[str]:
    """All differences of one case."""
    return list(differences(case, range(0, HOURS, stride), rules_under(case.owner)))


def main() -> None:
    """Print what differs and how much was looked at."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--stride", type=int, default=1, help="only every so many-th hour")
    options = parser.parse_args()
    cases, began, wrong = settings(Rules.load()), time.monotonic(), 0
    with Pool(options.processes) as pool:
        for found in pool.imap_unordered(partial(judge, stride=options.stride), cases):
            wrong += len(found)
            print(*found[:3], sep="\n", end="\n" * bool(found))
    hours = len(range(0, HOURS, options.stride))
    print(
        f"{len(cases) * hours:,} decisions ({len(cases):,} settings of {len(oracle.ZONES)} zones and the rows"
        f" of the rules, {hours:,} hours each): {wrong} differences, {time.monotonic() - began:.0f} s"
    )
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
