"""Every measured promise of the ledger, one programme after the other, and one table of what passed.

    uv run python -m bench.nightly [--only crash storm]

Each programme judges its own pass figures and prints them as it goes. Exits 1 where one did not pass. Quote
figures of speed only from an idle machine.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

PROGRAMMES = {
    "crash": "bench.crash --sends 20000 --kills 1000 --unfenced --speed 12",
    "throughput": "bench.throughput",
    "storm": "bench.webhook_storm",
    "hours": "bench.gate_hours",
    "calendars": "bench.calendars",
}


def carried_out(name: str) -> tuple[bool, float]:
    """Whether a programme passed, and the seconds it took."""
    print(f"== {name}: {PROGRAMMES[name]}", flush=True)
    began = time.monotonic()
    command = [sys.executable, "-m", *PROGRAMMES[name].split()]
    done = subprocess.run(command, cwd=Path(__file__).parents[1], check=False)
    return done.returncode == 0, time.monotonic() - began


def main() -> None:
    """Print the table; exit 1 where something did not pass."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", nargs="+", choices=PROGRAMMES, default=[*PROGRAMMES])
    found = {name: carried_out(name) for name in parser.parse_args().only}
    for name, (passed, seconds) in found.items():
        print(f"{name:12} {'pass' if passed else 'FAIL'} {seconds:8,.0f} s")
    sys.exit(not all(passed for passed, _ in found.values()))


if __name__ == "__main__":
    main()
