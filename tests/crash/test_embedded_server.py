"""The embedded server lives exactly as long as somebody uses it, however its users end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from shared.state.embedded import EmbeddedServer
from tests.support import processes
from tests.support.processes import alive, eventually, finish, postmaster, url_of

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")

Start = Callable[[], "subprocess.Popen[str]"]


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with processes.home() as folder:
        yield folder
        assert eventually(lambda: not processes.supervised(folder)), "a supervisor was left behind"
        assert not alive(postmaster(folder)), "a server was left behind"


@pytest.fixture
def start(data_dir: Path) -> Iterator[Start]:
    """Starts a client process; all are killed afterwards."""
    started: list[subprocess.Popen[str]] = []

    def one() -> subprocess.Popen[str]:
        started.append(processes.client(data_dir))
        return started[-1]

    yield one
    for process in started:
        finish(process)


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_last_client_ends__server_stops(data_dir: Path, start: Start, sent: signal.Signals) -> None:
    client = start()
    assert url_of(client)
    pid = postmaster(data_dir)
    assert alive(pid)
    client.send_signal(sent)
    assert eventually(lambda: not alive(pid))


def test_one_of_two_clients_killed__server_stays(data_dir: Path, start: Start) -> None:
    first, second = start(), start()
    url = url_of(first)
    assert url_of(second) == url
    first.kill()
    first.wait()
    with psycopg.connect(url) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    assert second.poll() is None


def test_several_clients_at_cold_start__one_server(data_dir: Path, start: Start) -> None:
    urls = {url_of(client) for client in [start() for _ in range(5)]}
    assert len(urls) == 1
    assert urls != {""}


def test_client_killed_while_the_server_starts__next_one_succeeds(data_dir: Path, start: Start) -> None:
    """Killed at ever later moments of a cold start; none leaves anything that stops the next."""
    landmarks = ["start.lock", "new-*", "new-*/cluster/base", "pg18/PG_VERSION", "supervisor.lock"]
    for landmark in landmarks:
        client = start()
        eventually(lambda: any(data_dir.glob(landmark)), seconds=5)  # noqa: B023 - called at once
        client.kill()
        client.wait()
    survivor = start()
    with psycopg.connect(url_of(survivor)) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_supervisor_killed__server_ends_and_the_next_client_has_the_data(
    data_dir: Path, start: Start
) -> None:
    client = start()
    url = url_of(client)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create table kept as select 7 as n")
    pid = postmaster(data_dir)
    os.kill(processes.parent_of(pid), signal.SIGKILL)
    assert eventually(lambda: not alive(pid))
    with EmbeddedServer.attach(data_dir, fast=True) as server, psycopg.connect(server.dsn()) as connection:
        assert connection.execute("select n from kept").fetchone() == (7,)


def test_server_killed__the_next_client_starts_it_again(data_dir: Path, start: Start) -> None:
    client = start()
    assert url_of(client)
    pid = postmaster(data_dir)
    os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: not alive(pid))
    with EmbeddedServer.attach(data_dir, fast=True) as server, psycopg.connect(server.dsn()) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_attaching_while_the_last_client_leaves__always_a_working_server(data_dir: Path) -> None:
    for _ in range(15):
        with EmbeddedServer.attach(data_dir, fast=True) as server, psycopg.connect(server.dsn()) as opened:
            assert opened.execute("select 1").fetchone() == (1,)


def test_server__never_runs_as_root(data_dir: Path, start: Start) -> None:
    assert url_of(start())
    uid = processes.own_uid(postmaster(data_dir))
    assert uid != 0
    assert os.geteuid() in (0, uid)
