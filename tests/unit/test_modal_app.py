"""What Modal is told, in both ways to schedule; read with `info()`, so no server is asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from functions import stages
from shared.directives import read, release_of

ROOT = Path(__file__).resolve().parents[2]
MODES = ("stages", "dispatcher")
NAMES = [stage.name for stage in stages.STAGES]
BUILT = {stage.name for stage in stages.built()}
READ = """
import json, modal_app
infos = {n: getattr(modal_app, n).info() for n in [s.name for s in modal_app.STAGES] + ["dispatcher", "web"]}
print(json.dumps({n: {
    "schedule": i.schedule, "timeout": i.timeout, "retries": i.max_retries, "secrets": i.secrets,
    "single_use": i.single_use_containers, "web": i.web_info is not None,
} for n, i in infos.items()}))
"""


def _python(code: str, **environ: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("GROWTHLOOP_", "MODAL_"))}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=clean | environ,
        capture_output=True,
        text=True,
        check=False,
    )


@cache
def _infos(mode: str, timezone: str = "America/New_York") -> dict[str, Any]:
    done = _python(READ, GROWTHLOOP_SCHEDULER=mode, GROWTHLOOP_TIMEZONE=timezone)
    assert done.returncode == 0, done.stderr
    infos: dict[str, Any] = json.loads(done.stdout)
    return infos


def _schedules(mode: str, timezone: str = "America/New_York") -> dict[str, str]:
    return {name: info["schedule"] for name, info in _infos(mode, timezone).items() if info["schedule"]}


def test_both_ways_to_schedule__define_the_same_functions() -> None:
    assert set(_infos("stages")) == set(_infos("dispatcher")) == {*NAMES, "dispatcher", "web"}


def test_stages_mode__gives_each_built_stage_its_cron_in_the_owners_zone() -> None:
    wanted = {n: f"Cron('{stages.get(n).cron}', America/New_York)" for n in BUILT}
    assert _schedules("stages") == wanted


def test_dispatcher_mode__has_two_crons_in_all() -> None:
    assert _schedules("dispatcher") == {
        "dispatcher": "Cron('*/3 * * * *', America/New_York)",
        "watch": "Cron('*/5 * * * *', America/New_York)",
    }


def test_dispatcher_mode__is_within_the_starter_plan() -> None:
    """Five crons in a workspace; a cron of its own for every stage needs a larger plan."""
    assert len(_schedules("dispatcher")) <= 5


@pytest.mark.parametrize("mode", MODES)
def test_a_stage_not_built__has_no_schedule_of_its_own(mode: str) -> None:
    assert set(_schedules(mode)) & set(stages.not_built()) <= {"watch"}


def test_the_zone__is_the_deploying_machines_setting() -> None:
    assert set(_schedules("stages", "Europe/Berlin").values()) >= {"Cron('0 8 * * *', Europe/Berlin)"}


@pytest.mark.parametrize("name", NAMES)
def test_a_stage__has_its_time_limit_no_retries_and_a_container_of_its_own(name: str) -> None:
    info = _infos("stages")[name]
    assert (info["timeout"], info["retries"], info["single_use"]) == (stages.get(name).timeout_s, None, True)


@pytest.mark.parametrize("name", [*NAMES, "dispatcher", "web"])
def test_a_function__gets_the_secret_and_then_what_was_baked_in(name: str) -> None:
    secret, baked = _infos("stages")[name]["secrets"]
    assert "'growthloop'" in secret
    assert "GROWTHLOOP_APP, GROWTHLOOP_RELEASE, GROWTHLOOP_SCHEDULER, GROWTHLOOP_TIMEZONE" in baked


def test_there_is_one_web_endpoint() -> None:
    assert [name for name, info in _infos("stages").items() if info["web"]] == ["web"]


@pytest.mark.parametrize(
    ("name", "value"), [("GROWTHLOOP_SCHEDULER", "stage"), ("GROWTHLOOP_TIMEZONE", "Mars/Base")]
)
def test_a_wrong_setting__stops_the_deployment(name: str, value: str) -> None:
    done = _python("import modal_app", **{name: value})
    assert done.returncode != 0
    assert value in done.stderr


@pytest.mark.parametrize(
    ("command", "app"),
    [("deploy", "growthloop"), ("run", "growthloop.ephemeral"), ("serve", "growthloop.ephemeral")],
)
def test_an_app_that_lives_only_for_a_command__goes_by_another_name(command: str, app: str) -> None:
    code = (
        "import click\n"
        f"parent = click.Context(click.Group('modal'), info_name='modal')\n"
        f"with click.Context(click.Command('{command}'), info_name='{command}', parent=parent):\n"
        "    import modal_app\n"
        "print(modal_app.common['env']['GROWTHLOOP_APP'])"
    )
    assert _python(code).stdout.strip() == app


def test_a_deployment__is_named_by_the_directives_it_carries() -> None:
    done = _python("import modal_app; print(modal_app.common['env']['GROWTHLOOP_RELEASE'])")
    assert done.stdout.strip() == release_of(read())


def test_modal_run__offers_the_options() -> None:
    done = _python(
        "from modal.cli.entry_point import entrypoint_cli as main\n"
        "main(['run', 'modal_app.py::outreach_tick', '--help'])"
    )
    for option in ("--dry-run", "--force", "--live", "--date"):
        assert option in done.stdout


def test_a_stage_not_built__fails_when_run_by_hand() -> None:
    done = _python(
        "import modal_app\n"
        "from shared.errors import NotBuilt\n"
        f"for name in {stages.not_built()!r}:\n"
        "    try:\n"
        "        getattr(modal_app, name).local(dry_run=True, force=False, live=False, date='')\n"
        "    except NotBuilt as error:\n"
        "        print(str(error).partition(' ')[0])"
    )
    assert tuple(done.stdout.split()) == stages.not_built()
