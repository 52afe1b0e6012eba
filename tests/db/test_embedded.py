"""The embedded server's doors are shut and its durability is what was asked for."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from shared.errors import ConfigurationError
from shared.state.embedded import EmbeddedServer, default_data_dir
from tests.support import processes


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with processes.home() as folder:
        yield folder


def _value(dsn: str, query: str) -> object:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(query).fetchone()  # type: ignore[call-overload,unused-ignore]
    return row[0] if row else None


def test_dsn__names_the_database(server: EmbeddedServer) -> None:
    assert _value(server.dsn(), "select current_database()") == "postgres"
    assert _value(server.dsn("template1"), "select current_database()") == "template1"


def test_create_and_drop_database__with_a_connection_open(server: EmbeddedServer) -> None:
    name = f"t_{os.getpid()}_made"
    server.create_database(name)
    with psycopg.connect(server.dsn(name)):
        server.drop_database(name)
    server.drop_database(name)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(server.dsn(name))


def test_wrong_password__is_refused(server: EmbeddedServer) -> None:
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(server.dsn(), password="guess")


def test_password__is_readable_by_its_owner_only(data_dir: Path) -> None:
    with EmbeddedServer.attach(data_dir, fast=True):
        assert (data_dir / "password").stat().st_mode & 0o777 == 0o600


def test_server__listens_on_loopback_only(server: EmbeddedServer) -> None:
    assert _value(server.dsn(), "show listen_addresses") == "127.0.0.1"
    assert _value(server.dsn(), "show unix_socket_directories") == ""
    port = int(conninfo_to_dict(server.dsn())["port"] or 0)
    with socket.socket() as other:
        assert other.connect_ex(("127.0.0.2", port)) != 0


def test_durability__is_given_up_only_when_asked(data_dir: Path, server: EmbeddedServer) -> None:
    assert _value(server.dsn(), "show fsync") == "off"
    with EmbeddedServer.attach(data_dir) as safe:
        for setting in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum"):
            assert _value(safe.dsn(), f"show {setting}") == "on"


def test_log__holds_no_values(data_dir: Path) -> None:
    with EmbeddedServer.attach(data_dir, fast=True) as server, psycopg.connect(server.dsn()) as connection:
        connection.execute("create temp table t (a text primary key)")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("insert into t values ('dana@example.com'), ('dana@example.com')")
    assert "dana" not in (data_dir / "postgres.log").read_text()


def test_folder_others_may_write_to__is_refused(data_dir: Path) -> None:
    data_dir.mkdir()
    data_dir.chmod(0o777)
    with pytest.raises(ConfigurationError):
        EmbeddedServer.attach(data_dir)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has another user run the server")
def test_folder_closed_to_the_servers_user__says_what_to_set(data_dir: Path) -> None:
    data_dir.mkdir(mode=0o700)
    with pytest.raises(ConfigurationError, match="GROWTHLOOP_DATA_DIR"):
        EmbeddedServer.attach(data_dir)


def test_close__twice_is_fine(data_dir: Path) -> None:
    server = EmbeddedServer.attach(data_dir, fast=True)
    server.close()
    server.close()


def test_default_folder__is_the_users_own() -> None:
    assert default_data_dir().is_absolute()
    assert default_data_dir().name.startswith("growthloop")
