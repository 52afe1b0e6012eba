"""Which database the settings mean."""

from __future__ import annotations

from shared.config import Settings
from shared.errors import ConfigurationError
from shared.state.transport import Transport


def connect(settings: Settings) -> Transport:
    """Supabase when it is configured, else a Postgres URL, else the embedded server.

    The embedded server is started and migrated on first use and ends with its last user.
    """
    if settings.supabase_url:
        from shared.state.supabase import SupabaseTransport

        if settings.supabase_secret_key is None:
            raise ConfigurationError("SUPABASE_URL is set but SUPABASE_SECRET_KEY is not.")
        return SupabaseTransport(settings.supabase_url, settings.supabase_secret_key.get_secret_value())
    from shared.state.postgres import PostgresTransport

    return PostgresTransport(database_url(settings))


def database_url(settings: Settings) -> str:
    """The Postgres URL: the configured one, else that of the embedded server, started and migrated."""
    if settings.database_url:
        return settings.database_url.get_secret_value()
    return _embedded(settings)


def _embedded(settings: Settings) -> str:
    from shared.state.embedded import EmbeddedServer, default_data_dir
    from shared.state.migrate import migrate

    server = EmbeddedServer.attach(settings.data_dir or default_data_dir())
    _held.append(server)
    dsn = server.dsn()
    migrate(dsn)
    return dsn


# The shared lock that keeps the embedded server alive goes with this process.
_held: list[object] = []
