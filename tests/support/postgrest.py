"""A Supabase project in front of a test database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from shared.state.embedded import EmbeddedServer
from shared.state.transport import Transport
from simulator.gateway import Gateway
from tests.support.database import role_settings

SECRET_KEY = "sb_secret_for_tests"
PUBLISHABLE_KEY = "sb_publishable_for_tests"
JWT_SECRET = "a-secret-of-more-than-thirty-two-bytes"


@contextmanager
def gateway(server: EmbeddedServer, dsn: str) -> Iterator[str]:
    """The project's URL (`SUPABASE_URL`) for one database."""
    door = Gateway(dsn, secret_key=SECRET_KEY, publishable_key=PUBLISHABLE_KEY, jwt_secret=JWT_SECRET)
    with role_settings(server), door:
        yield door.start()


@contextmanager
def over_http(server: EmbeddedServer, dsn: str) -> Iterator[Transport]:
    """The Supabase transport on one database, as `service_role`."""
    # Here, because the package takes most of a second to import and few tests need it.
    from shared.state.supabase import SupabaseTransport

    with gateway(server, dsn) as url, closing(SupabaseTransport(url, SECRET_KEY)) as transport:
        yield transport
