"""What a tick's own code adds to the CPU it must spend on importing its SDKs anyway.

    uv run python bench/tick_imports.py [--runs 15] [--json]

Each round starts fresh interpreters, one after the other: one imports all that a sending tick loads, one
the same with the holiday calendars, and one the transport's and the channels' SDKs alone. CPU time is the
child's own, from its first line; a ratio is that of two medians. Compare ratios only within one run: the
machine's load changes all three.
Target: at most 1.3.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = 1.3
SDKS = (
    "supabase",
    "resend",
    "twilio.rest",
    "twilio.rest.api.v2010.account.message",  # what `Client.messages` imports at its first use
    "httpx",
)
TICK = (
    "functions.entry",
    "functions.campaigns.outreach_tick",
    "shared.loop",
    "shared.directives",
    "shared.providers.registry",
    "shared.providers.resend.client",
    "shared.providers.resend.payload",
    "shared.providers.twilio.client",
    "shared.providers.twilio.payload",
    "shared.providers.vapi.assistant",
    "shared.providers.vapi.client",
    "shared.state.connect",
    "shared.state.supabase",
)
DECIDING = (*TICK, "holidays")  # the gate loads it at the first decision that turns on a holiday
MEASURE = """
import time
started = time.process_time()
import {modules}
print(time.process_time() - started)
"""


def cpu_ms(modules: tuple[str, ...]) -> float:
    """CPU milliseconds a fresh interpreter spends on importing these, compiled files being there."""
    code = MEASURE.format(modules=", ".join(modules))
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environ
    )
    return float(done.stdout) * 1000


def measure(runs: int) -> dict[str, float]:
    """Medians over interleaved runs, after one of each to warm the disk cache."""
    kinds = (TICK, DECIDING, SDKS)
    rounds = [[cpu_ms(kind) for kind in kinds] for _ in range(runs + 1)][1:]
    tick, deciding, sdks = (statistics.median(column) for column in zip(*rounds, strict=True))
    return {
        "runs": runs,
        "tick_ms": round(tick, 1),
        "with_holidays_ms": round(deciding, 1),
        "sdks_ms": round(sdks, 1),
        "ratio": round(tick / sdks, 3),
        "ratio_with_holidays": round(deciding / sdks, 3),
        "target": TARGET,
    }


def main() -> None:
    """Print the figures; exit 1 when the target is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure(options.runs)
    if options.json:
        print(json.dumps(found))
    else:
        print("tick {tick_ms} ms, its SDKs alone {sdks_ms} ms: ratio {ratio}".format(**found))
        print("with the holiday calendars {with_holidays_ms} ms: ratio {ratio_with_holidays}".format(**found))
    sys.exit(found["ratio"] > TARGET)


if __name__ == "__main__":
    main()
