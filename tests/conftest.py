"""No settings of the developer, no network, and one embedded Postgres for everybody."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support import environment, network

environment.isolate()
network.forbid()

from shared.state.embedded import EmbeddedServer, scratch_data_dir  # noqa: E402
from shared.state.postgres import PostgresTransport  # noqa: E402
from shared.state.transport import Transport  # noqa: E402
from tests.support.database import cloned, ensure_template  # noqa: E402
from tests.support.postgrest import SECRET_KEY, gateway  # noqa: E402


@pytest.fixture(autouse=True)
def no_network() -> Iterator[None]:
    """Fails the test that tried to reach another machine, even when the code swallowed the refusal."""
    network.attempts.clear()
    yield
    assert not network.attempts, f"contacted {sorted(set(network.attempts))}"


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedServer]:
    """The embedded Postgres that all workers share."""
    with EmbeddedServer.attach(scratch_data_dir("tests"), fast=True) as running:
        yield running


@pytest.fixture(scope="session")
def template(server: EmbeddedServer) -> str:
    """The name of the template: Supabase's defaults and all migrations."""
    return ensure_template(server)


@pytest.fixture
def database(server: EmbeddedServer, template: str) -> Iterator[str]:
    """The URL of a migrated database that belongs to this test alone."""
    with cloned(server, template) as dsn:
        yield dsn


@pytest.fixture
def transport(database: str) -> Iterator[PostgresTransport]:
    """The Postgres transport on this test's database."""
    open_transport = PostgresTransport(database)
    yield open_transport
    open_transport.close()


@pytest.fixture(params=["postgres", "supabase"])
def transports(request: pytest.FixtureRequest, server: EmbeddedServer, database: str) -> Iterator[Transport]:
    """Both transports in turn on this test's database, the second through the gateway as `service_role`."""
    if request.param == "postgres":
        yield request.getfixturevalue("transport")
        return
    # Here, because the package takes most of a second to import and few tests need it.
    from shared.state.supabase import SupabaseTransport

    with gateway(server, database) as url:
        over_http = SupabaseTransport(url, SECRET_KEY)
        yield over_http
        over_http.close()
