"""Every local date of eight years in every canonical zone, and every minute around the changes of clocks.

    uv run python -m bench.calendars [--processes 2] [--step 1]

A daily stage must have exactly one slot on each local date; a window must open and close by the wall clock.
Prints each difference and exits 1 if there is one.
"""

from __future__ import annotations

import argparse
import sys
import time
from datetime import timedelta
from functools import partial
from multiprocessing import Pool

from functions import stages
from shared.gate import Rules
from tests.support.calendars import WATCHED, canonical_zones, dates, slot_faults, window_faults

DAILY = [stages.get("daily_metrics"), stages.get("daily_executor")]


def slots_of(name: str) -> list[str]:
    """Differences of one zone's slots: the stage right after midnight, and the day's plan."""
    return list(slot_faults(name, DAILY))


def windows_of(name: str, step: int) -> list[str]:
    """Differences of one zone's windows."""
    return list(window_faults(name, timedelta(minutes=step), Rules.load()))


def main() -> None:
    """Print what differs and how much was looked at."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--step", type=int, default=1, help="only every so many-th minute")
    options = parser.parse_args()
    began, zones = time.monotonic(), canonical_zones()
    with Pool(options.processes) as pool:
        found = [fault for each in pool.imap_unordered(slots_of, zones) for fault in each]
        around = partial(windows_of, step=options.step)
        found += [fault for each in pool.imap_unordered(around, WATCHED) for fault in each]
    print(*found[:20], sep="\n", end="\n" * bool(found))
    print(
        f"{len(zones)} zones x {len(list(dates())):,} dates x {len(DAILY)} stages, and {len(WATCHED)} zones"
        f" around each change: {len(found)} differences, {time.monotonic() - began:.0f} s"
    )
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
