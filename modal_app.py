"""What Modal runs: the image, the secret, one function per stage, one web endpoint. No logic.

`modal deploy modal_app.py` once. `GROWTHLOOP_SCHEDULER`, `GROWTHLOOP_TIMEZONE` and `GROWTHLOOP_APP` are
read on the deploying machine and baked in. Both ways to schedule define the same functions, because a
container imports this file again to find its own; only `schedule=` differs:

    stages      (default) each built stage has its own cron
    dispatcher  two crons for everything: Modal's Starter plan refuses a sixth

A stage is run by hand with `modal run modal_app.py::STAGE [--dry-run] [--force] [--live] [--date DAY]`.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import modal

from functions import dispatcher as dispatching
from functions.stages import STAGES, Stage

ROOT = Path(__file__).resolve().parent
NAME = os.environ.get("GROWTHLOOP_APP") or "growthloop"
TIMEZONE = ZoneInfo(os.environ.get("GROWTHLOOP_TIMEZONE") or "America/New_York").key
SCHEDULER = os.environ.get("GROWTHLOOP_SCHEDULER") or "stages"
if SCHEDULER not in dispatching.MODES:
    raise SystemExit(f"GROWTHLOOP_SCHEDULER is {SCHEDULER!r}; it may be {' or '.join(dispatching.MODES)}.")

REQUIRED = [
    "GROWTHLOOP_INSTALLATION_ID",
    "GROWTHLOOP_SECRET_KEY",
    "GROWTHLOOP_PUBLIC_URL",
    "SUPABASE_URL",
    "SUPABASE_SECRET_KEY",
]
FOLDERS = ("directives", "supabase/migrations")
NOT_SHIPPED = ["**/__pycache__", "**/*.pyc", "**/.*"]


def _is_ephemeral() -> bool:
    """Whether `modal run` or `modal serve` reads this file. Their crons fire too, and must do nothing."""
    if not modal.is_local():
        return False
    import click

    context = click.get_current_context(silent=True)
    return context is not None and context.command_path.split()[-1] in ("run", "serve", "shell")


def _release() -> str:
    """Named by the directives that this deployment carries; its first stage offers them to the database."""
    if not modal.is_local():
        return os.environ["GROWTHLOOP_RELEASE"]
    from shared.directives import read, release_of

    return release_of(read())


def _image(packages: tuple[str, ...] = ()) -> modal.Image:
    """Pinned Python, hashed requirements, then the code with the templates beside it, then the folders."""
    image = modal.Image.debian_slim(python_version="3.11")
    if packages:
        image = image.apt_install(*packages)
    image = image.uv_pip_install(requirements=[str(ROOT / "requirements.txt")])
    image = image.add_local_python_source("functions", "shared", ignore=NOT_SHIPPED)
    for folder in FOLDERS:
        image = image.add_local_dir(ROOT / folder, f"/root/{folder}", ignore=NOT_SHIPPED)
    return image


app = modal.App(NAME)
image = _image()
spool = modal.Dict.from_name(f"{NAME}-spool", create_if_missing=True)  # asked only when it is used
common: dict[str, Any] = {
    "image": image,
    "secrets": [modal.Secret.from_name("growthloop", required_keys=REQUIRED)],
    "env": {
        "GROWTHLOOP_APP": f"{NAME}.ephemeral" if _is_ephemeral() else NAME,
        "GROWTHLOOP_RELEASE": _release(),
        "GROWTHLOOP_SCHEDULER": SCHEDULER,
        "GROWTHLOOP_TIMEZONE": TIMEZONE,
    },
}


def _cron(stage: Stage) -> modal.Cron | None:
    has_one = stage.name == dispatching.OWN_CRON if SCHEDULER == "dispatcher" else stage.built
    return modal.Cron(stage.cron, timezone=TIMEZONE) if has_one else None


def by_hand(dry_run: bool = False, force: bool = False, live: bool = False, date: str = "") -> Any:
    """The options of `modal run`. The schedule gives none, which is how the two are told apart."""


def _body(stage: Stage) -> Callable[..., Any]:
    @functools.wraps(by_hand)
    def run(**options: Any) -> Any:
        from functions import entry

        return entry.fire(stage.name, _spawn, kept=spool, **options)

    run.__name__ = run.__qualname__ = stage.name
    run.__module__ = __name__
    run.__doc__ = f"{stage.name}: {stage.does}."
    return run


def _spawn(name: str) -> None:
    globals()[name].spawn()


for _stage in STAGES:
    globals()[_stage.name] = app.function(
        name=_stage.name,
        schedule=_cron(_stage),
        timeout=_stage.timeout_s,
        max_containers=2,  # the ledger keeps runs apart; a second one lets a deploy roll over
        single_use_containers=True,
        **(common | {"image": _image(_stage.packages)} if _stage.packages else common),
    )(_body(_stage))


@app.function(
    schedule=modal.Cron(dispatching.DISPATCHER_CRON, timezone=TIMEZONE)
    if SCHEDULER == "dispatcher"
    else None,
    timeout=60,
    max_containers=2,
    single_use_containers=True,
    **common,
)
def dispatcher() -> list[str]:
    """Starts what the table says is due, and waits for nothing."""
    from functions import entry

    return entry.dispatch(_spawn)


@app.function(timeout=150, max_containers=10, **common)
@modal.concurrent(max_inputs=20)
@modal.asgi_app(label=NAME)
def web() -> Any:
    """Webhooks, unsubscribe, approvals, health: one endpoint of the plan's eight."""
    from functions import entry

    return entry.web(kept=spool)
