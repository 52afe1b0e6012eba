"""What reaches a container is enough to run every built stage, and a tick loads no more than it uses."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

from functions import stages
from functions.entry import WEB_APP

ROOT = Path(__file__).resolve().parents[2]
BUILT = [stage.name for stage in stages.built()]
HEAVY = ("anthropic", "scipy", "modal", "starlette", "playwright", "mjml", "resvg_py", "uvicorn", "sklearn")
ALONE = """
import sys
sys.path[:] = [{cwd!r}, *(path for path in sys.path if path != {root!r})]  # not the checkout's own install
"""
LIST = """
import json, modal_app
from modal._utils.async_utils import synchronizer

def mounts(thing):
    for part in thing._deps() if thing._deps else ():
        yield from [part] if type(part).__name__ == "_Mount" else mounts(part)

image = synchronizer._translate_in(modal_app.image)
pairs = [pair for mount in mounts(image) for entry in mount.entries for pair in entry.get_files_to_upload()]
print(json.dumps([(str(local), str(remote)) for local, remote in pairs]))
"""
"""Modal has no public way to ask what an image will carry; a change of these names shows up here."""


def _python(code: str, cwd: Path, **environ: str) -> str:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("GROWTHLOOP_", "MODAL_", "SUPABASE_"))}
    done = subprocess.run(
        [sys.executable, "-I", "-c", ALONE.format(root=str(ROOT), cwd=str(cwd)) + code],
        cwd=cwd,
        env=clean | environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that holds what a container's /root holds, and nothing else."""
    root = tmp_path_factory.mktemp("root")
    shutil.copy(ROOT / "modal_app.py", root)
    for local, remote in json.loads(_python(LIST, ROOT)):
        target = root / PurePosixPath(remote).relative_to("/root")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(local, target)
    yield root
    shutil.rmtree(root)


def _shipped(container: Path, folder: str) -> set[str]:
    base = container / folder
    return {p.relative_to(container).as_posix() for p in base.rglob("*") if p.is_file()}


@pytest.mark.parametrize("folder", ["functions", "shared", "directives", "supabase/migrations"])
def test_the_container__gets_each_file_of_a_folder(container: Path, folder: str) -> None:
    there = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix != ".pyc" and not path.name.startswith(".")
    }
    assert _shipped(container, folder) == there


def test_the_container__gets_no_tests_and_no_simulator(container: Path) -> None:
    assert {p.name for p in container.iterdir()} == {
        "modal_app.py",
        "functions",
        "shared",
        "directives",
        "supabase",
    }


def test_the_app__imports_from_what_was_shipped_alone(container: Path) -> None:
    code = (
        "import modal_app\n"
        "own = [m.__file__ for n, m in sys.modules.items()"
        " if n.partition('.')[0] in ('modal_app', 'functions', 'shared') and getattr(m, '__file__', None)]\n"
        f"assert own and all(f.startswith({str(container)!r}) for f in own), own"
    )
    _python(code, container)


@pytest.mark.parametrize("entry", [*(stage.entry for stage in stages.built()), WEB_APP])
def test_an_entry_point__resolves_from_what_was_shipped(container: Path, entry: str) -> None:
    code = f"from functions import stages; assert callable(stages.resolve({entry!r}))"
    _python(code, container)


@pytest.mark.parametrize("name", BUILT)
def test_a_built_stage__runs_in_the_container_against_a_database(
    container: Path, database: str, name: str
) -> None:
    """The body Modal calls, with no options: a firing before go-live, which previews."""
    code = f"import modal_app, json; sys.stdout.write(json.dumps(modal_app.{name}.local()) + '\\n')"
    answers = _python(code, container, GROWTHLOOP_DATABASE_URL=database).splitlines()
    report = json.loads(answers[-1])
    assert (report["stage"], report["status"]) == (name, "preview")
    assert json.loads(answers[0]) == report


def test_the_tick__imports_only_what_it_uses(container: Path) -> None:
    code = (
        "from functions import entry, stages\n"
        "import shared.loop, shared.providers.registry, shared.state.connect, shared.state.supabase\n"
        "stages.get('outreach_tick').resolve()\n"
        "print(' '.join(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    loaded = set(_python(code, container).split())
    assert not loaded & set(HEAVY)


def test_the_tick__imports_no_other_stage(container: Path) -> None:
    code = (
        "from functions import entry, stages\n"
        "stages.get('outreach_tick').resolve()\n"
        "print(' '.join(sys.modules))"
    )
    loaded = set(_python(code, container).split())
    others = {stage.entry.partition(":")[0] for stage in stages.built() if stage.entry} - {
        "functions.campaigns.outreach_tick"
    }
    assert not loaded & others
    assert not {
        name for name in loaded if name.startswith(("functions.web", "functions.medic", "shared.mail"))
    }
