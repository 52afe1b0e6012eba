"""The fake of Anthropic against the payload files and the official SDK, by scripted behaviours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import anthropic
import httpx
import pytest
from pydantic import BaseModel, ConfigDict

from simulator.faults.words import ATTACKS
from simulator.wire import model
from tests.contract.providers.payloads import payload
from tests.contract.simulator.shapes import differences
from tests.contract.simulator.stand import KEYS, Stand, standing
from tests.unit.simulator.worlds import ada_world

HEADERS = {"authorization": f"Bearer {KEYS.anthropic_key}", "anthropic-version": "2026-10-21"}


class Verdict(BaseModel):
    model_config = ConfigDict(extra="forbid")
    intent: str
    confidence: float


@pytest.fixture
def stand() -> Iterator[Stand]:
    with standing(ada_world()) as running:
        yield running


def _ask(stand: Stand, **changes: Any) -> httpx.Response:
    body = payload("anthropic", "request-structured") | changes
    return stand.http.post(f"{stand.server.urls.anthropic}/v1/messages", headers=HEADERS, json=body)


def _client(stand: Stand) -> anthropic.Anthropic:
    return anthropic.Anthropic(
        api_key=KEYS.anthropic_key, base_url=stand.server.urls.anthropic, max_retries=0, timeout=10
    )


def _parse(stand: Stand, words: str = "Sure, Tuesday works") -> Any:
    with _client(stand) as client:
        return client.messages.parse(
            model="claude-haiku-5-5",
            max_tokens=100,
            messages=[{"role": "user", "content": words}],
            output_format=Verdict,
        )


def test_message__has_the_documented_shape(stand: Stand) -> None:
    said = _ask(stand)
    assert said.status_code == 200
    assert differences(said.json(), payload("anthropic", "message-response")) == []


def test_given_json__is_what_the_sdk_parses(stand: Stand) -> None:
    stand.server.anthropic.behaviour = model.says({"intent": "interested", "confidence": 0.92})
    assert _parse(stand).parsed_output == Verdict(intent="interested", confidence=0.92)
    assert stand.server.anthropic.asked[0]["messages"][0]["content"] == "Sure, Tuesday works"


def test_refusal__says_so_in_its_stop_reason(stand: Stand) -> None:
    stand.server.anthropic.behaviour = model.refuses
    wanted = payload("anthropic", "message-response-refusal")
    said = _ask(stand).json()
    assert differences(said, wanted, free=("usage",)) == []
    assert (said["stop_reason"], said["content"]) == ("refusal", [])


def test_malformed__is_no_json(stand: Stand) -> None:
    stand.server.anthropic.behaviour = model.malformed
    said = _ask(stand).json()
    assert said["stop_reason"] == "max_tokens"
    with pytest.raises(ValueError, match="Invalid JSON"):
        Verdict.model_validate_json(said["content"][0]["text"])


def test_overloaded__passes_after_so_many_times_for_the_same_prompt(stand: Stand) -> None:
    stand.server.anthropic.behaviour = model.overloaded_then(2)
    with pytest.raises(anthropic.APIStatusError) as caught:
        _parse(stand)
    assert caught.value.status_code == 529
    answers = [_ask(stand) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [529, 529, 200]
    assert differences(answers[0].json(), payload("anthropic", "error-529")) == []


def test_confidently_wrong__fits_the_schema_and_is_sure(stand: Stand) -> None:
    stand.server.anthropic.behaviour = model.confidently_wrong
    assert _parse(stand).parsed_output.confidence > 0.9


@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
def test_the_model_that_obeys__does_what_the_text_wants(stand: Stand, attack: Any) -> None:
    stand.server.anthropic.behaviour = model.obeys
    said = _ask(stand, messages=[{"role": "user", "content": f"A reply: {attack.text}"}]).json()
    answer = said["content"][0]["text"]
    assert all(f'"{name}"' in answer for name in attack.wants)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"temperature": 0.5}, "temperature"),
        ({"max_tokens": None}, "max_tokens"),
        ({"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}}, "additional"),
        ({"stream": True}, "stream"),
    ],
)
def test_wrong_request__is_refused_with_the_documented_body(
    stand: Stand, changes: dict[str, Any], words: str
) -> None:
    refused = _ask(stand, **changes)
    assert refused.status_code == 400
    assert differences(refused.json(), payload("anthropic", "error-400")) == []
    assert words in refused.json()["error"]["message"]


def test_cache__is_written_once_read_while_it_lasts_and_then_written_again(stand: Stand) -> None:
    mark = {"type": "ephemeral"}
    system = [{"type": "text", "text": "x" * 4 * 2000, "cache_control": mark}]

    def tokens() -> tuple[int, int]:
        usage = _ask(stand, system=system).json()["usage"]
        return usage["cache_creation_input_tokens"], usage["cache_read_input_tokens"]

    assert [tokens(), tokens()] == [(2000, 0), (0, 2000)]
    stand.clock.advance_to(stand.clock.now + timedelta(minutes=6))
    assert tokens() == (2000, 0)
    short = [{"type": "text", "text": "x" * 400, "cache_control": mark}]
    assert _ask(stand, system=short).json()["usage"]["cache_creation_input_tokens"] == 0


def test_anthropic__refuses_a_wrong_key_and_takes_both_headers(stand: Stand) -> None:
    url = f"{stand.server.urls.anthropic}/v1/messages/count_tokens"
    body = payload("anthropic", "request-structured")
    refused = stand.http.post(url, json=body, headers=HEADERS | {"authorization": "Bearer no"})
    assert (refused.status_code, refused.json()["error"]) == (401, payload("anthropic", "error-401")["error"])
    older = {"x-api-key": KEYS.anthropic_key, "anthropic-version": "2026-10-21"}
    counted = stand.http.post(url, json=body, headers=older)
    assert differences(counted.json(), payload("anthropic", "count-tokens-response")) == []
