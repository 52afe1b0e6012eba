"""Both transports give the same answers and the same errors for the same call."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest

from shared.errors import (
    ConfigurationError,
    SchemaOutdated,
    StateError,
    StateOutcomeUnknown,
    StateUnavailable,
)
from shared.state.embedded import EmbeddedServer
from shared.state.postgres import PostgresTransport
from shared.state.supabase import SupabaseTransport
from shared.state.transport import Transport
from tests.support.database import execute
from tests.support.postgrest import PUBLISHABLE_KEY, SECRET_KEY, gateway

FUNCTIONS = """
create table public.pair (id int, amount numeric(8, 2), at timestamptz);
create function t_scalar(a int, b int default 10) returns int language sql as 'select a + b';
create function t_void() returns void language sql as 'insert into public.pair values (1)';
create function t_null() returns text language sql as 'select null::text';
create function t_numeric() returns numeric language sql as 'select 1.10';
create function t_big() returns bigint language sql as 'select 9223372036854775807';
create function t_float() returns float8 language sql as 'select 0.1::float8 + 0.2::float8';
create function t_nan() returns float8 language sql as $$ select 'NaN'::float8 $$;
create function t_time() returns timestamptz language sql as
    $$ select timestamptz '2026-11-21 14:00:00.5+02' $$;
create function t_date() returns date language sql as $$ select date '2026-11-21' $$;
create function t_uuids() returns uuid[] language sql as
    $$ select array['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11']::uuid[] $$;
create function t_jsonb() returns jsonb language sql as
    $$ select '{"a": [1, 2.50, null, true], "text": "ü\\n"}'::jsonb $$;
create function t_jsonb_null() returns jsonb language sql as $$ select 'null'::jsonb $$;
create function t_json_list() returns jsonb language sql as
    'select jsonb_agg(g) from generate_series(1, 2500) g';
create function t_row() returns public.pair language sql as
    $$ select 1, 2.5::numeric(8, 2), timestamptz '2026-01-01 00:00+00' $$;
create function t_no_row() returns public.pair language sql as 'select * from public.pair where false';
create function t_rows(n int) returns setof public.pair language sql as
    'select g, g * 1.10, null::timestamptz from generate_series(1, n) g';
create function t_table() returns table (k text, v int) language sql as $$ values ('a', 1), ('b', 2) $$;
create function t_setof_text() returns setof text language sql as $$ values ('a'), (null), ('c') $$;
create function t_setof_jsonb() returns setof jsonb language sql as $$ values ('{"a": 1}'::jsonb), ('[2]') $$;
create function t_out(out x int, out y text) language sql as $$ select 1, 'b' $$;
create function t_echo(p jsonb) returns jsonb language sql as 'select jsonb_build_array(jsonb_typeof(p), p)';
create function t_types(at timestamptz, d date, u uuid, n numeric, l text[]) returns jsonb language sql as
    'select jsonb_build_object(''at'', at, ''d'', d, ''u'', u, ''n'', n, ''l'', l)';
create function t_named(lead_id int) returns text language sql as $$ select 'lead' $$;
create function t_named(company_id bigint) returns text language sql as $$ select 'company' $$;
create function t_twice(a int) returns int language sql as 'select 1';
create function t_twice(a text) returns int language sql as 'select 2';
create function "t odd %s" ("a %" int) returns int language sql as 'select $1';
create function t_raise(code text) returns void language plpgsql as
    $$ begin raise exception 'refused' using errcode = code, detail = 'more', hint = 'try'; end $$;
create function t_missing_inside() returns int language plpgsql as $$ begin return no_such_function(); end $$;
create function t_unique() returns void language plpgsql as $$ begin
    create temp table if not exists u (a int primary key) on commit drop;
    insert into u values (1), (1); end $$;
create function t_slow() returns int language sql set statement_timeout = '100ms' as
    'select 1 from pg_sleep(2)';
create function t_slow_session() returns int language plpgsql as $$ begin
    raise exception 'canceling' using errcode = 'query_canceled'; end $$;
create function t_die() returns int language plpgsql as
    $$ begin perform pg_terminate_backend(pg_backend_pid()); return 1; end $$;
grant execute on all functions in schema public to service_role;
grant all on public.pair to service_role;
"""


@pytest.fixture
def both(transports: Transport, database: str) -> Transport:
    """A transport on a database that holds the functions above."""
    execute(database, FUNCTIONS)
    return transports


ANSWERS: list[tuple[str, dict[str, Any], Any]] = [
    ("t_scalar", {"a": 1}, 11),
    ("t_scalar", {"a": 1, "b": 2}, 3),
    ("t_scalar", {"a": None, "b": 2}, None),
    ("t_void", {}, None),
    ("t_null", {}, None),
    ("t_numeric", {}, 1.1),
    ("t_big", {}, 9223372036854775807),
    ("t_float", {}, 0.30000000000000004),
    ("t_nan", {}, "NaN"),
    ("t_time", {}, "2026-11-21T12:00:00.5+00:00"),
    ("t_date", {}, "2026-11-21"),
    ("t_uuids", {}, ["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"]),
    ("t_jsonb", {}, {"a": [1, 2.5, None, True], "text": "ü\n"}),
    ("t_jsonb_null", {}, None),
    ("t_json_list", {}, list(range(1, 2501))),
    ("t_row", {}, {"id": 1, "amount": 2.5, "at": "2026-01-01T00:00:00+00:00"}),
    ("t_no_row", {}, {"id": None, "amount": None, "at": None}),
    ("t_rows", {"n": 0}, []),
    ("t_rows", {"n": 2}, [{"id": 1, "amount": 1.1, "at": None}, {"id": 2, "amount": 2.2, "at": None}]),
    ("t_table", {}, [{"k": "a", "v": 1}, {"k": "b", "v": 2}]),
    ("t_setof_text", {}, ["a", None, "c"]),
    ("t_setof_jsonb", {}, [{"a": 1}, [2]]),
    ("t_out", {}, {"x": 1, "y": "b"}),
    ("t_echo", {"p": {"k": ["v", 1]}}, ["object", {"k": ["v", 1]}]),
    ("t_echo", {"p": "[1]"}, ["string", "[1]"]),
    ("t_echo", {"p": []}, ["array", []]),
    ("t_echo", {"p": None}, [None, None]),
    ("t_named", {"lead_id": 1}, "lead"),
    ("t_named", {"company_id": 1}, "company"),
    ("t odd %s", {"a %": 5}, 5),
]


@pytest.mark.parametrize(("function", "arguments", "expected"), ANSWERS)
def test_same_answer(both: Transport, function: str, arguments: dict[str, Any], expected: object) -> None:
    answer = both.call(function, **arguments)
    assert answer == expected
    assert repr(answer) == repr(expected)  # 1.0 is not 1, True is not 1


def test_arguments__python_types_reach_their_sql_types(both: Transport) -> None:
    answer = both.call(
        "t_types",
        at=datetime(2026, 11, 21, 9, tzinfo=UTC),
        d=date(2026, 11, 21),
        u=UUID("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
        n=Decimal("1.10"),
        l=("a,b", '"', None),
    )
    assert answer == {
        "at": "2026-11-21T09:00:00+00:00",
        "d": "2026-11-21",
        "u": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        "n": 1.1,
        "l": ["a,b", '"', None],
    }


@pytest.mark.parametrize("value", [datetime(2026, 1, 1), float("nan")])  # noqa: DTZ001 - the point of it
def test_arguments__naive_time_and_nan_are_mistakes(both: Transport, value: object) -> None:
    with pytest.raises(ValueError):
        both.call("t_echo", p=value)


def test_arguments__broken_unicode_is_refused(both: Transport) -> None:
    with pytest.raises(StateError) as caught:
        both.call("t_echo", p="\ud800")
    assert caught.value.code == "22P05"


def test_void__its_effect_is_committed(both: Transport, database: str) -> None:
    both.call("t_void")
    with psycopg.connect(database) as connection:
        assert connection.execute("select count(*) from public.pair").fetchone() == (1,)


@pytest.mark.parametrize(
    ("function", "arguments"),
    [("no_such", {}), ("no_such", {"a": 1}), ("t_scalar", {"z": 1}), ("t_scalar", {})],
)
def test_missing_function_or_argument__schema_outdated(
    both: Transport, function: str, arguments: dict[str, Any]
) -> None:
    with pytest.raises(SchemaOutdated) as caught:
        both.call(function, **arguments)
    assert caught.value.code == "schema_outdated"
    assert caught.value.system_wide


ERRORS: list[tuple[str, dict[str, Any], type[StateError], str]] = [
    ("t_twice", {"a": 1}, StateError, "PGRST203"),
    ("t_raise", {"code": "P0001"}, StateError, "P0001"),
    ("t_raise", {"code": "GL001"}, StateError, "GL001"),
    ("t_raise", {"code": "PT409"}, StateError, "PT409"),
    ("t_raise", {"code": "23505"}, StateError, "23505"),
    ("t_raise", {"code": "40001"}, StateError, "40001"),
    ("t_raise", {"code": "42501"}, StateError, "42501"),
    ("t_raise", {"code": "53300"}, StateUnavailable, "53300"),
    ("t_raise", {"code": "08006"}, StateOutcomeUnknown, "08006"),
    ("t_slow_session", {}, StateOutcomeUnknown, "57014"),
    ("t_missing_inside", {}, StateError, "42883"),
    ("t_unique", {}, StateError, "23505"),
    ("t_scalar", {"a": "one"}, StateError, "22P02"),
]


@pytest.mark.parametrize(("function", "arguments", "kind", "code"), ERRORS)
def test_same_error(
    both: Transport, function: str, arguments: dict[str, Any], kind: type[StateError], code: str
) -> None:
    with pytest.raises(StateError) as caught:
        both.call(function, **arguments)
    assert type(caught.value) is kind
    assert caught.value.code == code
    assert caught.value.retryable == (kind is not StateError or code == "40001")
    assert caught.value.system_wide == (kind is StateUnavailable or code == "42501")


def test_error__values_are_not_repeated_in_the_message(both: Transport) -> None:
    with pytest.raises(StateError) as caught:
        both.call("t_scalar", a="dana@example.com")
    assert "dana" not in str(caught.value)


def test_error__the_next_call_works(both: Transport) -> None:
    with pytest.raises(StateError):
        both.call("t_raise", code="P0001")
    assert both.call("t_scalar", a=1) == 11


def test_backend_terminated_in_mid_call__outcome_unknown_then_recovers(
    both: Transport, database: str
) -> None:
    execute(database, "alter function t_die() security definer")
    with pytest.raises(StateOutcomeUnknown):
        both.call("t_die")
    assert both.call("t_scalar", a=1) == 11


def test_backend_terminated_between_calls__nobody_notices(both: Transport, database: str) -> None:
    assert both.call("t_scalar", a=1) == 11
    _hang_up_on_everybody(database)
    assert both.call("t_scalar", a=2) == 12


def _hang_up_on_everybody(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )


def test_function_replaced_by_one_with_another_answer__seen_at_once(both: Transport, database: str) -> None:
    assert both.call("t_scalar", a=1) == 11
    execute(database, "drop function t_scalar")
    with pytest.raises(SchemaOutdated):
        both.call("t_scalar", a=1)
    execute(database, "create function t_scalar(a text) returns text language sql as 'select a'")
    execute(database, "grant execute on function t_scalar to service_role")
    assert both.call("t_scalar", a="x") == "x"


def test_threads__share_one_transport(both: Transport) -> None:
    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda n=n: answers.append(both.call("t_scalar", a=n, b=0)))
        for n in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == list(range(20))


def test_close__twice_is_fine(both: Transport) -> None:
    both.call("t_scalar", a=1)
    both.close()
    both.close()


def test_raw_set_of_2500_rows__is_cut_at_1000_in_silence_on_supabase(both: Transport) -> None:
    """Why list verbs page or aggregate: this is what a verb that forgets it gets."""
    rows = both.call("t_rows", n=2500)
    assert len(rows) == (2500 if isinstance(both, PostgresTransport) else 1000)


def test_supabase__function_time_limit_is_enforced(server: EmbeddedServer, database: str) -> None:
    execute(database, FUNCTIONS)
    with (
        gateway(server, database) as url,
        _open(url) as transport,
        pytest.raises(StateOutcomeUnknown) as caught,
    ):
        transport.call("t_slow")
    assert caught.value.code == "57014"


def test_supabase__publishable_key_may_not_call_what_was_revoked(
    server: EmbeddedServer, database: str
) -> None:
    execute(database, FUNCTIONS + "revoke execute on function t_scalar from public, anon;")
    opened = gateway(server, database)
    with opened as url, _open(url, PUBLISHABLE_KEY) as transport, pytest.raises(StateError) as caught:
        transport.call("t_scalar", a=1)
    assert (caught.value.code, caught.value.system_wide) == ("42501", True)


def test_supabase__wrong_key_is_not_an_empty_answer(server: EmbeddedServer, database: str) -> None:
    opened = gateway(server, database)
    with opened as url, _open(url, "sb_secret_wrong") as transport, pytest.raises(StateError) as caught:
        transport.call("t_scalar", a=1)
    assert (caught.value.code, caught.value.system_wide) == ("401", True)


def test_supabase__unusable_settings_are_configuration_errors() -> None:
    for url, key in (("not a url", "key"), ("", "key"), ("http://127.0.0.1:1", "")):
        with pytest.raises(ConfigurationError):
            SupabaseTransport(url, key)


@contextmanager
def _open(url: str, key: str = SECRET_KEY, timeout_s: float = 10) -> Iterator[SupabaseTransport]:
    transport = SupabaseTransport(url, key, timeout_s=timeout_s)
    try:
        yield transport
    finally:
        transport.close()


@contextmanager
def _stub(answer: bytes | None) -> Iterator[str]:
    """Accepts connections and reads; then says `answer` and hangs up, or says nothing for None."""
    listener = socket.create_server(("127.0.0.1", 0))
    held: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            peer.recv(65536)
            held.append(peer)
            if answer is not None:
                peer.sendall(answer)
                peer.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        for peer in held:
            peer.close()


def test_nobody_listens__unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with _open(f"http://127.0.0.1:{port}") as over_http, pytest.raises(StateUnavailable):
        over_http.call("t_scalar", a=1)
    with pytest.raises(StateUnavailable):
        PostgresTransport(f"postgresql://postgres@127.0.0.1:{port}/x").call("t_scalar", a=1)


def test_supabase__connection_lost_after_the_request_left__outcome_unknown() -> None:
    with _stub(b"") as url, _open(url) as transport, pytest.raises(StateOutcomeUnknown):
        transport.call("t_scalar", a=1)


def test_supabase__no_answer_in_time__outcome_unknown() -> None:
    with _stub(None) as url, _open(url, timeout_s=0.2) as transport, pytest.raises(StateOutcomeUnknown):
        transport.call("t_scalar", a=1)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("502 Bad Gateway", StateOutcomeUnknown),
        ("503 Service Unavailable", StateOutcomeUnknown),
        ("429 Too Many Requests", StateUnavailable),
        ("403 Forbidden", StateError),
    ],
)
def test_supabase__an_html_page_from_a_proxy_is_an_error(status: str, kind: type[StateError]) -> None:
    page = f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>".encode()
    with _stub(page) as url, _open(url) as transport, pytest.raises(StateError) as caught:
        transport.call("t_scalar", a=1)
    assert type(caught.value) is kind
    assert caught.value.code == status[:3]
