"""Owns one Postgres server for as long as anybody uses it.

Run as a script by `shared/state/embedded.py`, detached from its starter, with the standard library only:

    python -I supervisor.py <home> <bin folder> <uid> <gid> <setting>...

Every user of the server holds a shared lock on `<home>/users.lock`; this process asks for the exclusive
one. The kernel grants it when the last user is gone, however it died, and then the server is stopped.
While it lives this process holds `<home>/supervisor.lock`. If it is killed itself, Linux sends SIGQUIT
to the server (`PR_SET_PDEATHSIG`); elsewhere the next user finds the old server and stops it.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

START_SECONDS = 60.0
TRIES = 20
TRY_AGAIN_SECONDS = 0.25
STOP_SECONDS = 60.0
_PR_SET_PDEATHSIG = 1


def free_port() -> int:
    """A port that is free now; somebody else may take it before it is used."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _die_with_parent() -> Callable[[], None] | None:
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl

    def request_signal() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT, 0, 0, 0)

    return request_signal


def _postmaster(
    home: Path, binaries: Path, uid: int, gid: int, settings: list[str]
) -> subprocess.Popen[bytes]:
    command = [
        str(binaries / "postgres"),
        "-D",
        str(home / "pg18"),
        "-h",
        "127.0.0.1",
        "-p",
        str(free_port()),
    ]
    for setting in settings:
        command += ["-c", setting]
    identity = {"user": uid, "group": gid, "extra_groups": []} if os.geteuid() == 0 else {}
    with (home / "postgres.log").open("ab") as log:
        return subprocess.Popen(  # type: ignore[call-overload,no-any-return]  # noqa: S603
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            preexec_fn=_die_with_parent(),
            **identity,
        )


def _is_ready(home: Path, pid: int) -> bool:
    try:
        lines = (home / "pg18" / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"


def _start(
    home: Path, binaries: Path, uid: int, gid: int, settings: list[str]
) -> subprocess.Popen[bytes] | None:
    """Tries until it runs: the port may get taken, a killed server's children may still be there."""
    deadline = time.monotonic() + START_SECONDS
    for _ in range(TRIES):
        server = _postmaster(home, binaries, uid, gid, settings)
        while server.poll() is None and time.monotonic() < deadline:
            if _is_ready(home, server.pid):
                return server
            time.sleep(0.005)
        if server.poll() is None:
            server.send_signal(signal.SIGQUIT)
            server.wait()
            return None
        time.sleep(TRY_AGAIN_SECONDS)
    return None


def _stop_on_terminate(server: subprocess.Popen[bytes]) -> None:
    def stop(_number: int, _frame: FrameType | None) -> None:
        server.send_signal(signal.SIGINT)

    signal.signal(signal.SIGTERM, stop)


def _exit_when_gone(server: subprocess.Popen[bytes]) -> threading.Thread:
    def watch() -> None:
        os._exit(0 if server.wait() == 0 else 1)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    return watcher


def main(arguments: list[str]) -> int:
    """Serve until the last user is gone. 3 = somebody else supervises already, 1 = no start."""
    home, binaries = Path(arguments[0]), Path(arguments[1])
    supervisor_lock = os.open(home / "supervisor.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(supervisor_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return 3
    server = _start(home, binaries, int(arguments[2]), int(arguments[3]), arguments[4:])
    if server is None:
        return 1
    _stop_on_terminate(server)
    watcher = _exit_when_gone(server)
    users_lock = os.open(home / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(users_lock, fcntl.LOCK_EX)
    server.send_signal(signal.SIGINT)
    watcher.join(STOP_SECONDS)
    server.send_signal(signal.SIGQUIT)
    watcher.join()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
