"""The transport over a Supabase project (`supabase` package, database functions only)."""

from __future__ import annotations

import json

import httpx
from postgrest.exceptions import APIError

from shared.errors import ConfigurationError, GrowthLoopError, StateOutcomeUnknown, StateUnavailable
from shared.state import wire
from shared.state.failures import state_error
from shared.state.transport import Json
from supabase import Client, ClientOptions, SupabaseException, create_client

TIMEOUT_S = 10.0


class SupabaseTransport:
    """Calls database functions of one project with its secret key, each one POST, never repeated.

    May be shared between threads. A `setof` answer is cut at the project's `max_rows` (1,000) in silence.
    """

    def __init__(self, url: str, key: str, *, timeout_s: float = TIMEOUT_S) -> None:
        self._http = httpx.Client(transport=_VoidAsNull(), timeout=timeout_s)
        options = ClientOptions(
            httpx_client=self._http,
            postgrest_client_timeout=timeout_s,
            auto_refresh_token=False,
            persist_session=False,
        )
        try:
            self._client: Client = create_client(url, key, options)
        except SupabaseException as error:
            self._http.close()
            raise ConfigurationError("SUPABASE_URL or the Supabase key is not usable.") from error

    def call(self, function: str, /, **arguments: Json) -> Json:
        """Call `public.<function>`; see `Transport.call` for the errors."""
        body = json.loads(wire.encode(arguments))
        try:
            return self._client.rpc(function, body).execute().data
        except APIError as error:
            raise state_error(error.code or _without_code(error), error.message, function) from error
        except httpx.HTTPError as error:
            raise _connection_error(error, function) from error
        except httpx.InvalidURL as error:
            raise ConfigurationError("SUPABASE_URL is not a URL.") from error

    def close(self) -> None:
        """Close the connections; no call is possible afterwards."""
        self._http.close()


class _VoidAsNull(httpx.BaseTransport):
    """Gives "no content" the body `null`: else the package shows a void function and an empty set alike."""

    def __init__(self) -> None:
        self._inner = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._inner.handle_request(request)
        if response.status_code != httpx.codes.NO_CONTENT:
            return response
        response.close()
        return httpx.Response(httpx.codes.OK, content=b"null")

    def close(self) -> None:
        self._inner.close()


def _without_code(error: APIError) -> str:
    """Supabase's own gateway refuses a key with a body that has no code."""
    return "401" if error.message and "API key" in error.message else "unknown"


def _connection_error(error: httpx.HTTPError, function: str) -> GrowthLoopError:
    if isinstance(error, (httpx.UnsupportedProtocol, httpx.ProxyError)):
        return ConfigurationError("SUPABASE_URL cannot be used from here.")
    if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)):
        return StateUnavailable()
    return StateOutcomeUnknown(f"{function}: {type(error).__name__}.")
