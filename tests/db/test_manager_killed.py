"""The A/B manager killed between a verdict and its deploy, or right after it: one verdict, one deploy."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from functions.learning.ab_test_manager import run
from shared.config import Settings
from shared.loop import Loop
from shared.period import Period
from shared.providers.registry import Providers
from tests.support.experiments import KEY, NEW, Lab
from tests.support.ledger import INSTALLATION, Ledger

WORKER = """
import os, signal, sys
from functions.learning.ab_test_manager import run
from shared.config import Settings
from shared.loop import Loop
from shared.period import Period
from shared.providers.registry import Providers
from shared.state import State
from shared.state.postgres import PostgresTransport

dsn, installation, moment = sys.stdin.read().split()
settings = Settings.from_env({"GROWTHLOOP_INSTALLATION_ID": installation, "GROWTHLOOP_RELEASE": "test"})
loop = Loop(settings, State(PostgresTransport(dsn), settings.installation_id), Providers(settings))
deploy = loop.state.experiments.deploy

def die(*args, **options):
    if moment == "after":
        deploy(*args, **options)
    os.kill(os.getpid(), signal.SIGKILL)

loop.state.experiments.deploy = die
now = loop.clock.now()
run(loop, Period("slot", None, now, now), preview=False, run_no=0)
"""


@pytest.mark.parametrize(("moment", "stands"), [("before", "decided"), ("after", "ended")])
def test_killed_around_the_deploy__the_next_run_finds_one_verdict_and_ships_once(
    ledger: Ledger, moment: str, stands: str
) -> None:
    settings = Settings.from_env(
        {"GROWTHLOOP_INSTALLATION_ID": str(INSTALLATION), "GROWTHLOOP_RELEASE": "test"}
    )
    loop = Loop(settings, ledger.state, Providers(settings))
    assert loop.book.versions
    lab = Lab.running(ledger)
    lab.feed((500, 50), (500, 100))
    worker = subprocess.run(
        [sys.executable, "-c", WORKER],
        input=f"{ledger.dsn} {INSTALLATION} {moment}",
        text=True,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        check=False,
    )
    assert worker.returncode == -signal.SIGKILL, worker.stderr
    assert lab.state == (stands, "DEPLOY")
    now = loop.clock.now()
    for _ in range(2):
        run(loop, Period("slot", None, now, now), preview=False, run_no=0)
    changes = [each.change for each in ledger.state.experiments.log() if each.experiment_id]
    assert changes == ["test started", "deploy: win", "deployed"]
    heads = ledger.state.directives.heads().heads
    assert next(row["text"] for row in heads if row["key"] == KEY) == NEW
