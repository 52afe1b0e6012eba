"""A PostgREST-shaped door to a Postgres database, for the simulator and the tests.

It answers `/rest/v1/rpc/<function>` as a Supabase project does, so that the unmodified `supabase` package
runs against it. It is held to cases taken from PostgREST's own test suite; what it does not offer it
refuses with status 501, never answers approximately.
"""

from __future__ import annotations

from simulator.gateway.server import Gateway

__all__ = ["Gateway"]
