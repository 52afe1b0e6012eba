"""Other processes for crash tests: started, watched, killed."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.state.embedded import scratch_data_dir

_CLIENT = """
import sys
from pathlib import Path
from shared.state.embedded import EmbeddedServer
server = EmbeddedServer.attach(Path(sys.argv[1]), fast=True)
print(server.dsn(), flush=True)
sys.stdin.read()
"""


def eventually(condition: Callable[[], bool], *, seconds: float = 20) -> bool:
    """Whether the condition comes true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.01)
    return condition()


def alive(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@contextmanager
def home() -> Iterator[Path]:
    """A data folder that a server started by root can reach too; removed afterwards."""
    parent = Path(tempfile.mkdtemp(prefix="growthloop-crash-", dir=scratch_data_dir("tests").parent))
    parent.chmod(0o711)
    try:
        yield parent / "home"
    finally:
        eventually(lambda: not supervised(parent / "home"))  # else it writes while its files go
        shutil.rmtree(parent, ignore_errors=True)


def supervised(data_dir: Path) -> bool:
    """Whether a supervisor is still at work on a data folder."""
    try:
        with (data_dir / "supervisor.lock").open("rb") as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


def client(data_dir: Path) -> subprocess.Popen[str]:
    """A process that attaches to the server of a folder, says its URL, and waits for its input to end."""
    return subprocess.Popen(
        [sys.executable, "-c", _CLIENT, str(data_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


def url_of(process: subprocess.Popen[str]) -> str:
    """What a client said; "" if it died first."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def finish(process: subprocess.Popen[str]) -> None:
    """Kill a process, whatever its state, and close its pipes."""
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def postmaster(data_dir: Path) -> int:
    """The server's process id; 0 when there is none."""
    try:
        return int((data_dir / "pg18" / "postmaster.pid").read_text().split()[0])
    except (OSError, IndexError, ValueError):
        return 0


def parent_of(pid: int) -> int:
    """The parent's process id (Linux)."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def own_uid(pid: int) -> int:
    """Whom a process runs as."""
    return os.stat(f"/proc/{pid}").st_uid  # noqa: PTH116 - /proc is no ordinary path
