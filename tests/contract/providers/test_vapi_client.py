"""Vapi's calls on the wire: placed, listed, ended, erased."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.errors import ProviderError, Unreachable
from shared.providers.channel import Message
from shared.providers.vapi.client import VapiCalls
from tests.contract.providers.payloads import NOW, TOUCH, payload
from tests.support.http_script import HttpScript, Reply, names

LATEST = NOW + timedelta(minutes=30)


def calls(url: str) -> VapiCalls:
    return VapiCalls("key", base_url=url, deadline_s=5.0)


def test_vapi__places_a_call() -> None:
    with HttpScript(Reply(201, payload("vapi", "post-call-response"))) as server:
        receipt = calls(server.url).send(Message(TOUCH, payload("vapi", "post-call-request"), LATEST))
        seen = server.seen[0]
    assert receipt.provider_id == "019a7c3e-5b1d-7000-8f3a-2f6d0c9b1e42"
    assert receipt.room == 8
    assert "control" not in str(receipt)
    assert seen.json == payload("vapi", "post-call-request")
    assert seen.headers["authorization"] == "Bearer key"


def test_vapi__lists_page_by_page_and_each_call_once() -> None:
    rows = [{"id": str(n), "createdAt": f"2026-11-20T15:{59 - n // 4:02}:00.000Z"} for n in range(130)]
    with HttpScript(Reply(200, rows[:100]), Reply(200, rows[96:])) as server:
        found = calls(server.url).list_since(NOW - timedelta(hours=1), NOW + timedelta(hours=1))
        first, second = (one.query for one in server.seen)
    assert [row["id"] for row in found] == [row["id"] for row in rows]
    assert first["createdAtGe"] == second["createdAtGe"] == "2026-11-20T14:02:00.000Z"
    assert first["createdAtLe"] == "2026-11-20T16:02:00.000Z"
    assert second["createdAtLe"] == rows[99]["createdAt"]


def test_vapi__a_list_that_cannot_be_read_whole_is_an_error() -> None:
    stuck = [{"id": str(n), "createdAt": "2026-11-20T15:00:00.000Z"} for n in range(100)]
    with HttpScript(*[Reply(200, stuck)] * 3) as server, pytest.raises(ProviderError) as raised:
        calls(server.url).list_since(NOW, NOW)
    assert raised.value.code == "vapi.too_many"
    with HttpScript(Reply(200, {"message": "no list"})) as server, pytest.raises(Unreachable):
        calls(server.url).list_since(NOW, NOW)


def test_vapi__gets_and_ends_a_call() -> None:
    with HttpScript() as server:
        running = {"id": "c1", "monitor": {"controlUrl": f"{server.url}/control"}}
        server.steps.extend([Reply(200, running), Reply(200, "ok")])
        assert calls(server.url).end("c1") is True
        assert names(server.seen) == ["GET /call/c1", "POST /control"]
        assert server.seen[1].json == {"type": "end-call"}
        assert "authorization" not in server.seen[1].headers
        server.steps.append(Reply(200, payload("vapi", "get-call-ended")))
        assert calls(server.url).end("c1") is False


def test_vapi__erases_a_call() -> None:
    gone = Reply(404, {"message": "Call with id c1 not found."})
    with HttpScript(Reply(200, {"id": "c1"}), gone, Reply(500)) as server:
        assert [calls(server.url).erase("c1") for _ in range(2)] == [True, False]
        with pytest.raises(ProviderError):
            calls(server.url).erase("c1")
        assert names(server.seen) == ["DELETE /call/c1"] * 3
        assert "authorization" in server.seen[0].headers
