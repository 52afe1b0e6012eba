"""The gateway against cases taken from PostgREST's own test suite (`rpc_cases.json` says which)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from shared.state.embedded import EmbeddedServer
from simulator.gateway import Gateway
from simulator.gateway.keys import token
from tests.support.database import cloned, execute, role_settings

SECRET, PUBLISHABLE, JWT_SECRET = "sb_secret_test", "sb_publishable_test", "a-secret-of-thirty-two-bytes-long"
FILE = json.loads(Path(__file__).with_name("rpc_cases.json").read_text(encoding="utf-8"))
CASES = {case["name"]: case for case in FILE["cases"]}

_FILTERS = "filters, select, order, limit and offset: our functions take arguments instead"
_SINGLE = "the single-object answer type: our verbs read scalars and lists"
NOT_OFFERED = {
    "setof_table_limit_offset": _FILTERS,
    "setof_table_limit_offset_count_206": _FILTERS,
    "setof_table_offset_past_end_416": _FILTERS,
    "setof_table_limit_zero": _FILTERS,
    "setof_table_filters_select": _FILTERS,
    "setof_table_order": _FILTERS,
    "composite_table_single_row_select": _FILTERS,
    "max_rows_post_setof_table": _FILTERS,
    "max_rows_limit_above_is_capped": _FILTERS,
    "head_no_body": _FILTERS,
    "get_range_header": "ranges: list verbs page by argument",
    "unnamed_text_param_text_plain_accept_json": "bodies other than JSON and forms",
    "accept_object_one_row": _SINGLE,
    "accept_object_zero_rows_406": _SINGLE,
    "accept_object_many_rows_406": _SINGLE,
    "accept_object_scalar_ok": _SINGLE,
    "accept_csv": "answers other than JSON",
    "max_affected_strict_400": "max-affected: our functions bound themselves",
    "max_affected_void_400": "max-affected: our functions bound themselves",
}
"""What the gateway leaves out, by case: it must say so with 501."""


@pytest.fixture(scope="module")
def plain_database(server: EmbeddedServer, template: str) -> Iterator[str]:
    """A database whose `public` schema each case makes anew."""
    with cloned(server, None) as dsn:
        yield dsn


def _headers(request: dict[str, Any]) -> dict[str, str]:
    headers = {"apikey": PUBLISHABLE, "Authorization": f"Bearer {PUBLISHABLE}", **request.get("headers", {})}
    if request.get("as", "anon") != "anon" or "claims" in request:
        claims = {"role": request["as"], **request.get("claims", {})}
        headers["Authorization"] = f"Bearer {token(claims, JWT_SECRET)}"
    return headers


def _send(url: str, request: dict[str, Any]) -> httpx.Response:
    headers = _headers(request)
    content = request.get("body_raw")
    if content is None and "body" in request:
        content = json.dumps(request["body"])
    if content is not None and "Content-Type" not in headers:
        headers["Content-Type"] = "application/json"
    query = f"?{urlencode([tuple(pair) for pair in request['query']])}" if "query" in request else ""
    return httpx.request(
        request.get("method", "POST"),
        f"{url}/rest/v1/rpc/{request['function']}{query}",
        content=content,
        headers=headers,
    )


@pytest.mark.parametrize("name", CASES)
def test_answers_as_postgrest_does(name: str, plain_database: str, server: EmbeddedServer) -> None:
    case = CASES[name]
    with role_settings(server, changing="alter role" in case["sql"]):
        response = _performed(case, plain_database)
    if name in NOT_OFFERED:
        _assert_refused(response)
    else:
        _assert_as_expected(case["expect"], response)


def _performed(case: dict[str, Any], dsn: str) -> httpx.Response:
    config = case.get("config", {})
    gateway = Gateway(
        dsn,
        secret_key=SECRET,
        publishable_key=PUBLISHABLE,
        jwt_secret=JWT_SECRET,
        max_rows=config.get("db_max_rows", 1000),
        rollback_allowed=config.get("db_tx_end") == "commit-allow-override",
    )
    execute(dsn, FILE["prelude_sql"])
    execute(dsn, case["sql"])
    try:
        with gateway:
            return _send(gateway.start(), case["request"])
    finally:
        execute(dsn, case.get("teardown", ""))


def _assert_refused(response: httpx.Response) -> None:
    assert response.status_code == 501
    assert response.headers["Proxy-Status"] == "PostgREST; error=GATEWAY501"


def _assert_as_expected(expect: dict[str, Any], response: httpx.Response) -> None:
    assert response.status_code == expect["status"], response.text
    ignored = expect.get("ignore", [])
    if expect.get("body_text") is not None and not ignored:
        assert response.text == expect["body_text"]
    elif expect.get("body") is not None:
        body = response.json()
        assert {k: v for k, v in body.items() if k not in ignored} == {
            k: v for k, v in expect["body"].items() if k not in ignored
        }
    for header, value in expect.get("headers", {}).items():
        assert response.headers.get(header) == value, header
    for header in expect.get("headers_absent", []):
        assert header not in response.headers
