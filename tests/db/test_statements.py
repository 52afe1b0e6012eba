"""Whatever people write, the database is sent the same few statements; their words are values in them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.providers.event import Reply
from shared.state import rpc
from tests.support.hostile import payloads
from tests.support.ledger import Ledger, answer, event, lead_row


def speak(ledger: Ledger, first: int, texts: list[str]) -> None:
    """Let these words in through every door that people have: a list, an answer, an unknown sender."""
    rows = []
    for number, words in enumerate(texts, start=first):
        written = dict.fromkeys(("first_name", "title", "company", "city", "industry"), words)
        rows.append(lead_row(number) | written | {"last_name": f"{words}{number}"})
    found = ledger.state.people.import_leads(rows, source="csv")
    assert {each["status"] for each in found} == {"new"}
    claim = ledger.accepted(int(found[0]["lead_id"]))
    for number, words in enumerate(texts, start=first):
        said = replace(answer(claim, f"a{number}"), reply=Reply(words, words), body={words: words})
        assert ledger.hear(said, reply="question").stored
        assert ledger.hear(event(f"{words}{number}", from_address=words, delivery_id=words)).stored


def test_statements__are_the_same_for_three_hundred_hostile_texts(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: set[str] = set()
    build = rpc.statement

    def noted(*args: object, **options: object) -> str:
        seen.add(text := build(*args, **options))  # type: ignore[arg-type]
        return text

    monkeypatch.setattr(rpc, "statement", noted)
    speak(ledger, 0, ["Ada"])
    usual = set(seen)
    assert usual
    speak(ledger, 1, list(payloads(300)))
    assert seen == usual
    assert ledger.value("select count(*) from leads") == 301
    told = ledger.rows("select first_name from leads where id > 1 order by id")
    assert [name for (name,) in told] == list(payloads(300))
