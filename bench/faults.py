"""Every fault of the judge, one at a time: how many were noticed and mended, how fast, and who was wronged.

    uv run python -m bench.faults [--seeds 10] [--kinds effect_dropped stage_killed …]

One day of the smallest business with twenty new leads, and one kind of fault in it, for each seed. A fault
that cannot be noticed from inside is lived through and not counted. Nothing here is a time of this machine.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median, quantiles

from simulator.claims import read_claims
from simulator.score.faults import looked_for
from simulator.simulate import Job, lived
from simulator.violations import violations

WORLD = """
like = "tiny"
about = "One kind of fault."

[leads]
per_week = 100

[[faults]]
kind = "{kind}"
{fields}
"""
AN_HOUR = 'start = "9h"\nlength = "1h"'
FAULTS: dict[str, tuple[str, str]] = {
    "webhook_lost": ("webhook_lost", "rate = 0.2"),
    "webhook_late": ("webhook_late", "rate = 0.2"),
    "webhook_doubled": ("webhook_doubled", "rate = 0.3"),
    "webhook_reordered": ("webhook_reordered", "rate = 0.3"),
    "webhook_forged": ("webhook_forged", "rate = 0.3"),
    "call_never_ends": ("call_never_ends", "rate = 0.3"),
    "effect_dropped": ("effect_dropped", "rate = 0.1"),
    "slow": ("slow", "rate = 0.1"),
    "timed_out": ("timed_out", "rate = 0.1"),
    "server_error": ("server_error", "rate = 0.05"),
    "rate_limited": ("rate_limited", "rate = 0.1"),
    "rate_limited, told how long": ("rate_limited", 'rate = 0.1\nretry_after = "2m"'),
    "quota_reached": ("quota_reached", AN_HOUR),
    "list_lags": ("list_lags", "rate = 0.3"),
    "list_down": ("list_down", AN_HOUR),
    "provider_down, vapi": ("provider_down", f'provider = "vapi"\n{AN_HOUR}'),
    "provider_down, resend": ("provider_down", f'provider = "resend"\n{AN_HOUR}'),
    "provider_down, twilio": ("provider_down", f'provider = "twilio"\n{AN_HOUR}'),
    "database_down": ("database_down", 'start = "9h"\nlength = "30m"'),
    "database_slow": ("database_slow", f'takes = "1s"\n{AN_HOUR}'),
    "stage_missed": ("stage_missed", "rate = 0.02"),
    "stage_doubled": ("stage_doubled", "rate = 0.02"),
    "stage_overlapping": ("stage_overlapping", "rate = 0.02"),
    "stage_killed": ("stage_killed", "rate = 0.02"),
    "clock_skew, worker": ("clock_skew", f'of = "worker"\nby = "10m"\n{AN_HOUR}'),
    "clock_skew, provider": ("clock_skew", f'of = "provider"\nby = "4m"\n{AN_HOUR}'),
    "dst_change": ("dst_change", ""),
    "model_malformed": ("model_malformed", "rate = 0.5"),
    "model_refused": ("model_refused", "rate = 0.5"),
    "model_overloaded": ("model_overloaded", "rate = 0.5"),
    "model_wrong": ("model_wrong", "rate = 0.5"),
    "injection_transcript": ("injection_transcript", "rate = 0.5"),
    "injection_reply": ("injection_reply", "rate = 0.5"),
    "injection_company": ("injection_company", "rate = 0.5"),
    "number_flagged": ("number_flagged", ""),
    "duplicate_leads": ("duplicate_leads", "rate = 0.2"),
    "wrong_zone": ("wrong_zone", "rate = 0.2"),
    "number_reassigned": ("number_reassigned", "rate = 0.2"),
    "owner_silent": ("owner_silent", ""),
}
COLUMNS = (
    *("fault", "injected", "noticed", "mended", "wrongly mended"),
    *("to notice, s p50 / p95", "to mend, s p50 / p95", "people wronged"),
)


@dataclass
class Counted:
    """What came of the faults of one kind; times in seconds."""

    injected: int = 0
    wrongly: int = 0
    wronged: int = 0
    noticed_s: tuple[float, ...] = ()
    mended_s: tuple[float, ...] = ()

    def __add__(self, other: Counted) -> Counted:
        return Counted(
            self.injected + other.injected,
            self.wrongly + other.wrongly,
            self.wronged + other.wronged,
            self.noticed_s + other.noticed_s,
            self.mended_s + other.mended_s,
        )

    def row(self, name: str) -> str:
        """A row of the table."""
        noticed, mended = (_share(len(each), self.injected) for each in (self.noticed_s, self.mended_s))
        times = f"{_spread(self.noticed_s)} | {_spread(self.mended_s)}"
        return (
            f"| {name} | {self.injected} | {noticed} | {mended} | {self.wrongly} | {times} | {self.wronged} |"
        )


def one_day(seed: int, world: Path) -> Counted:
    """The faults of one seed."""
    with lived(Job(str(world), 1, seed)) as (run, people, truth):
        claims = read_claims(run.loop, run.database, people.began)
        found = list(looked_for(truth.injected, claims.incidents, run.clock.now))
        wronged = violations(run.wire.record, people)
    noticed = [each for each in found if each.incident is not None]
    return Counted(
        injected=len(found),
        wrongly=sum(each.wrong for each in noticed),
        wronged=sum(wronged.values()),
        noticed_s=tuple(each.noticed_s for each in noticed),
        mended_s=tuple(each.repair_s for each in noticed if each.repaired),
    )


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "–"


def _spread(values: Sequence[float]) -> str:
    if not values:
        return "–"
    high = quantiles(values, n=20)[-1] if len(values) > 1 else values[0]
    return f"{median(values):,.0f} / {high:,.0f}"


def main() -> None:
    """Print the table, a row as soon as it is known, and the sum of all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--kinds", nargs="+", choices=list(FAULTS), default=list(FAULTS))
    options = parser.parse_args()
    total = Counted()
    print(f"| {' | '.join(COLUMNS)} |\n| --- |" + " ---: |" * (len(COLUMNS) - 1))
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(2) as pool:
        for name in options.kinds:
            kind, fields = FAULTS[name]
            world = Path(folder) / f"{kind}.toml"
            world.write_text(WORLD.format(kind=kind, fields=fields), encoding="utf-8")
            days = pool.map(partial(one_day, world=world), range(1, options.seeds + 1))
            counted = sum(days, Counted())
            total += counted
            print(counted.row(name), flush=True)
    print(total.row("**all**"))
    sys.exit(bool(total.wronged or total.wrongly))


if __name__ == "__main__":
    main()
