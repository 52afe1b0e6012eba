"""The crash programme: real workers killed at every point of a send, and a provider that remembers.

    uv run python bench/crash.py --sends 20000 --kills 1000
    uv run python bench/crash.py --sends 2000 --kills 100 --workers 4        (minutes)

Pass figures: nobody twice, nothing lost, nothing open at the end; what is parked has an owner. Two senders
that only mark, before or after, run through the same provider and deaths; if they are not caught, the
programme is blind.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace

from simulator.demo import scratch_database
from tests.support.crash_run import Found, Size, control, crash

POINTS = 4
MARGIN = 1.5  # whoever dies at one point of a send does not reach the next


def main() -> None:
    """Print each run and whether it passes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sends", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=0, help="at least so many (sets the share of deaths)")
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--speed", type=float, default=30.0, help="virtual seconds per second")
    parser.add_argument("--pauses", type=int, default=20)
    parser.add_argument(
        "--cut-per-s", type=float, default=1.0, help="connections to the database cut a second"
    )
    parser.add_argument("--wrong", type=float, default=0.01, help="share of requests that each fault gets")
    parser.add_argument("--patience-s", type=float, default=2700.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--unfenced", action="store_true", help="also a sender without fence, to be caught")
    given = parser.parse_args()
    kill = min(max(given.kills * MARGIN / (given.sends * POINTS), 0.005), 0.2)
    size = Size(
        sends=given.sends,
        workers=given.workers,
        speed=given.speed,
        kill=kill,
        wrong=given.wrong,
        pauses=given.pauses,
        cut_per_s=given.cut_per_s,
        patience_s=given.patience_s,
        seed=given.seed,
    )
    small = Size(sends=min(given.sends, 2000), workers=4, kill=0.02, wrong=0.0, seed=given.seed)
    unfenced = replace(size, sends=min(given.sends, 2000), wrong=0.03)
    passed = _told(
        "ticks", _crash(size), lambda f: not (f.doubled or f.lost or f.open) and f.kills >= given.kills
    )
    if given.unfenced:
        passed &= _told("control: unfenced", _crash(unfenced, "unfenced"), lambda f: f.doubled >= 1)
    passed &= _told(
        "control: mark, then send", _control(small, "mark_first"), lambda f: f.lost >= 0.005 * small.sends
    )
    passed &= _told(
        "control: send, then mark", _control(small, "mark_after"), lambda f: f.doubled >= 0.01 * small.sends
    )
    sys.exit(0 if passed else 1)


def _crash(size: Size, kind: str = "tick") -> Found:
    with scratch_database("bench") as dsn:
        return crash(dsn, size, kind=kind)


def _control(size: Size, kind: str) -> Found:
    with scratch_database("bench") as dsn:
        return control(dsn, size, kind)


def _told(title: str, found: Found, passes: object) -> bool:
    good = bool(passes(found))  # type: ignore[operator]
    print(f"{title}: {'pass' if good else 'FAIL'}\n  {found}", flush=True)
    return good


if __name__ == "__main__":
    main()
