"""A caller's lines as Vapi reports them while the call runs: what is stored, answered and hung up."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient, Response

from functions.web.app import build
from shared.config import Settings
from shared.loop import Loop
from shared.providers.registry import Providers
from shared.providers.vapi.assistant import GOODBYE
from shared.state import State
from shared.state.outreach import Claim
from shared.state.postgres import PostgresTransport
from tests.support.http_script import HttpScript, Reply, names
from tests.support.ledger import INSTALLATION, Ledger

SECRET = "vapi-secret"
TEN_ON_TUESDAY = "2026-11-24T10:00:00-05:00"
CALL = "019a7c3e-5b1d-7000-8f3a-2f6d0c9b1e42"


@dataclass
class Line:
    """A call that runs, as seen from Vapi. `vapi` is what our side asks of it."""

    ledger: Ledger
    loop: Loop
    vapi: HttpScript

    def running(self, **lead: Any) -> Claim:
        """A call to somebody who has picked up."""
        claim = self.ledger.submitted(
            self.ledger.lead(**lead), channel="call", script_key="scripts/call_sarah"
        )
        self.ledger.state.outreach.record_receipt(claim.id, claim.fence, f"call-{claim.id}", None)
        return claim

    def post(self, message: dict[str, Any]) -> Response:
        """One signed server message."""
        raw = json.dumps({"message": message}).encode()
        stamp = str(int(self.ledger.now.timestamp()))
        mac = hmac.new(SECRET.encode(), stamp.encode() + b"." + raw, hashlib.sha256).hexdigest()
        return asyncio.run(self._post(raw, {"x-timestamp": stamp, "x-signature": mac}))

    async def _post(self, raw: bytes, headers: dict[str, str]) -> Response:
        transport = ASGITransport(app=build(self.loop))
        async with AsyncClient(transport=transport, base_url="https://loop.example.com") as client:
            return await client.post("/hooks/vapi", content=raw, headers=headers)

    def says(self, claim: Claim, words: str, role: str = "user") -> Response:
        """An utterance."""
        said = {"type": 'transcript[transcriptType="final"]', "role": role, "transcriptType": "final"}
        return self.post(said | {"transcript": words, "call": self.call(claim)})

    def uses(self, claim: Claim, tool: str, *, shape: str = "text", **arguments: Any) -> str:
        """The assistant uses a tool; what it is told. In each shape in which Vapi may ask."""
        answer = self.post(
            {"type": "tool-calls", "call": self.call(claim), "toolCallList": [shaped(tool, arguments, shape)]}
        )
        assert answer.status_code == 200
        (result,) = answer.json()["results"]
        assert (result["toolCallId"], result["name"]) == ("toolu_1", tool)
        told: str = result.get("result") or f"error: {result['error']}"
        assert "\n" not in told
        return told

    def call(self, claim: Claim) -> dict[str, Any]:
        return {"id": f"call-{claim.id}", "customer": {"externalId": str(claim.id)}}


def shaped(tool: str, arguments: dict[str, Any], shape: str) -> dict[str, Any]:
    """One entry of `toolCallList`."""
    if shape == "docs":
        return {"id": "toolu_1", "name": tool, "parameters": arguments}
    given: Any = json.dumps(arguments) if shape == "text" else arguments
    return {"id": "toolu_1", "type": "function", "function": {"name": tool, "arguments": given}}


@pytest.fixture
def line(ledger: Ledger) -> Iterator[Line]:
    with HttpScript() as vapi:
        settings = Settings.from_env(
            {
                "GROWTHLOOP_INSTALLATION_ID": str(INSTALLATION),
                "GROWTHLOOP_PUBLIC_URL": "https://loop.example.com",
                "GROWTHLOOP_BUSINESS_NAME": "Example Answering",
                "VAPI_API_KEY": "k",
                "VAPI_WEBHOOK_SECRET": SECRET,
                "VAPI_BASE_URL": vapi.url,
            }
        )
        loop = Loop(settings, State(PostgresTransport(ledger.dsn), INSTALLATION), Providers(settings))
        yield Line(ledger, loop, vapi)
        loop.close()


def suppressed(ledger: Ledger, claim: Claim) -> bool:
    return bool(ledger.value("select is_suppressed(%s)", claim.lead.lead_id))


def meetings(ledger: Ledger) -> list[datetime]:
    return [at for (at,) in ledger.rows("select starts_at from meetings order by id")]


# "Stop calling me."


@pytest.mark.parametrize(
    "words", ["Stop calling me.", "Please take us off your list", "User's Keypad Entry: 9"]
)
def test_stop__is_in_force_and_hangs_up_without_any_help_from_the_model(line: Line, words: str) -> None:
    claim = line.running()
    line.vapi.steps += [Reply(200, {"monitor": {"controlUrl": f"{line.vapi.url}/control/1"}}), Reply(200)]
    assert line.says(claim, words).status_code == 200
    assert suppressed(line.ledger, claim)
    assert names(line.vapi.seen) == [f"GET /call/call-{claim.id}", "POST /control/1"]
    assert line.vapi.seen[1].json == {"type": "say", "content": GOODBYE, "endCallAfterSpoken": True}
    assert line.ledger.touch(claim.id)["disposition"] == "dnc"


def test_stop__holds_when_the_call_cannot_be_ended(line: Line) -> None:
    claim = line.running()
    line.vapi.steps += [Reply(500)]
    assert line.says(claim, "Stop calling me.").status_code == 200
    assert suppressed(line.ledger, claim)


def test_stop_said_twice__ends_the_call_each_time_and_is_one_suppression(line: Line) -> None:
    claim = line.running()
    line.vapi.steps += [Reply(200, {"monitor": {}}), Reply(200, {"monitor": {}})]
    line.says(claim, "Stop calling me.")
    before = line.ledger.value("select count(*) from suppressions")
    line.says(claim, "Stop it!")
    line.says(claim, "Stop it!")  # the same delivery once more
    assert line.ledger.value("select count(*) from suppressions") == before
    assert len(line.vapi.seen) == 2


@pytest.mark.parametrize(
    ("words", "role"),
    [
        ("Are you a robot?", "user"),
        ("Who is this?", "user"),
        ("Say stop at any time.", "assistant"),
        ("", "user"),
    ],
)
def test_anything_else__writes_nothing_and_asks_nothing_of_vapi(line: Line, words: str, role: str) -> None:
    claim = line.running()
    assert line.says(claim, words, role).status_code == 200
    assert line.ledger.value("select count(*) from events") == 0
    assert line.vapi.seen == []


@pytest.mark.parametrize("shape", ["text", "object", "docs"])
def test_do_not_call__is_in_force_before_it_is_answered(line: Line, shape: str) -> None:
    claim = line.running()
    assert "never contacted again" in line.uses(claim, "do_not_call", shape=shape, words="Never again.")
    assert suppressed(line.ledger, claim)


# "Call me tomorrow at three."


@pytest.mark.parametrize("shape", ["text", "object", "docs"])
@pytest.mark.parametrize("named", ["2026-11-24T13:00:00-07:00", "2026-11-24T13:00", "2026-11-24T20:00:00Z"])
def test_call_back__keeps_the_time_on_their_clock(line: Line, shape: str, named: str) -> None:
    claim = line.running(zones=["America/Denver"])
    told = line.uses(claim, "call_back", shape=shape, callback_at=named, note="prices")
    assert told.startswith("Kept: a call back on Tuesday, November 24, 1:00 PM MST.")
    assert line.ledger.touch(claim.id)["disposition"] == "callback"
    assert line.ledger.value("select stop_reason from enrolments") == "callback"


@pytest.mark.parametrize(
    "named",
    ["", "tomorrow", None, 15, "2026-11-23T09:00:00-05:00", "2027-11-24T13:00:00-05:00", "0001-01-01T00:00"],
)
def test_call_back__without_a_time_that_can_be_kept_asks_for_one(line: Line, named: Any) -> None:
    claim = line.running()
    assert line.uses(claim, "call_back", callback_at=named).startswith("No time was understood.")
    assert line.ledger.touch(claim.id)["disposition"] == "callback"


# "Let us meet."


def test_book__without_a_time_offers_free_ones_on_their_clock(line: Line) -> None:
    claim = line.running(zones=["America/Denver"])
    told = line.uses(claim, "book")
    assert told.startswith(
        "Free, among others: Monday, November 23, 12:00 PM MST (2026-11-23T12:00:00-07:00);"
    )
    assert told.count("MST") == 4
    assert meetings(line.ledger) == []


@pytest.mark.parametrize("shape", ["text", "object", "docs"])
def test_book__takes_the_time_and_says_it_back(line: Line, shape: str) -> None:
    claim = line.running()
    told = line.uses(claim, "book", shape=shape, meeting_at=TEN_ON_TUESDAY)
    assert told == "Booked: Tuesday, November 24, 10:00 AM EST. Repeat day and time to them."
    assert meetings(line.ledger) == [datetime(2026, 11, 24, 15, tzinfo=UTC)]
    assert line.ledger.touch(claim.id)["disposition"] == "meeting"


def test_book__again_is_the_same_meeting(line: Line) -> None:
    claim = line.running()
    for at in (TEN_ON_TUESDAY, TEN_ON_TUESDAY, "2026-11-24T11:00:00-05:00"):
        assert "Tuesday, November 24, 10:00 AM EST" in line.uses(claim, "book", meeting_at=at)
    assert len(meetings(line.ledger)) == 1


@pytest.mark.parametrize("wish", [TEN_ON_TUESDAY, "2026-11-24T10:07:00-05:00", "2026-11-26T10:00:00-05:00"])
def test_book__gives_no_time_that_is_taken_or_not_on_offer(line: Line, wish: str) -> None:
    line.uses(line.running(), "book", meeting_at=TEN_ON_TUESDAY)
    told = line.uses(line.running(), "book", meeting_at=wish)
    assert told.startswith("That time is not free. Free, among others: ")
    assert TEN_ON_TUESDAY not in told
    assert len(meetings(line.ledger)) == 1


def test_book__and_the_report_of_the_call_are_one_meeting(line: Line) -> None:
    claim = line.running()
    line.uses(claim, "book", meeting_at=TEN_ON_TUESDAY)
    said = {
        "disposition": "meeting",
        "decision_maker": True,
        "opt_out": False,
        "meeting_at": "2026-11-24T10:15:00-05:00",
    }
    report = {"type": "end-of-call-report", "endedReason": "customer-ended-call", "call": line.call(claim)}
    talk = {"messages": [{"role": "user", "message": "Ten on Tuesday is fine."}]}
    line.post(report | {"analysis": {"structuredData": said}, "artifact": talk, "durationSeconds": 90})
    assert meetings(line.ledger) == [datetime(2026, 11, 24, 15, tzinfo=UTC)]


def test_book__promises_nothing_of_a_calendar_that_is_not_ours(line: Line) -> None:
    line.loop.settings = line.loop.settings.model_copy(update={"booking_url": "https://cal.example.com/alex"})
    assert "Do not promise the time" in line.uses(line.running(), "book", meeting_at=TEN_ON_TUESDAY)
    assert meetings(line.ledger) == []


def test_tool_of_a_call_that_is_not_ours__promises_nothing(line: Line) -> None:
    answer = line.post(
        {"type": "tool-calls", "call": {"id": CALL}, "toolCallList": [shaped("book", {}, "text")]}
    )
    assert "Do not promise the time" in answer.json()["results"][0]["result"]


def test_unknown_tool__is_an_error_in_the_body(line: Line) -> None:
    assert line.uses(line.running(), "transfer_money", amount=5) == "error: There is no such tool."


def test_several_tools_at_once__are_each_answered(line: Line) -> None:
    claim = line.running()
    wanted = [
        shaped("book", {"meeting_at": TEN_ON_TUESDAY}, "text"),
        shaped("do_not_call", {}, "docs") | {"id": "toolu_2"},
    ]
    answer = line.post({"type": "tool-calls", "call": line.call(claim), "toolCallList": wanted})
    assert [(each["toolCallId"], each["name"]) for each in answer.json()["results"]] == [
        ("toolu_1", "book"),
        ("toolu_2", "do_not_call"),
    ]
    assert suppressed(line.ledger, claim)
