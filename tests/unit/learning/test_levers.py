"""A proposal changes one lever and nothing else."""

from __future__ import annotations

import pytest

from functions.learning.levers import LEVERS, proposal
from shared.directives import Book, read
from shared.errors import DirectiveError

BOOK = Book.from_files(read())


def ask(key: str, lever: str, old: str, new: str, **changes: object) -> dict[str, object]:
    text = BOOK.version(key).text
    assert old in text
    asked = {"metric": "replied", "claim": "c", "expected_lift": 0.3, "proposed_by": "owner"} | changes
    return proposal(BOOK, lever=lever, key=key, text=text.replace(old, new), **asked)  # type: ignore[arg-type]


SMS_FIRST = "channel: sms, day: 2, script: scripts/sms_followup"
EMAIL_FIRST = "channel: email, day: 2, script: scripts/email_second"
CHANGES = [
    ("scripts/email_first", "email_subject", "Who answers at", "Who picks up at"),
    ("scripts/email_first", "email_body", "Would 15 minutes", "Would 20 minutes"),
    ("playbooks/cold", "step_spacing", "day: 9", "day: 10"),
    ("playbooks/cold", "step_order", SMS_FIRST, EMAIL_FIRST),
    ("playbooks/cold", "call_hour", "scripts/call_john}", "scripts/call_john, hour: 14}"),
]


@pytest.mark.parametrize(("key", "lever", "old", "new"), CHANGES)
def test_a_change_of_its_lever__is_taken(key: str, lever: str, old: str, new: str) -> None:
    row = ask(key, lever, old, new)
    assert row["counted_from"] == LEVERS[lever].counted_from
    assert row["name"] == ask(key, lever, old, new)["name"]


@pytest.mark.parametrize(
    ("key", "lever", "old", "new", "reason"),
    [
        ("scripts/email_first", "email_body", "Who answers at", "Who picks up at", "not subject"),
        ("scripts/email_first", "email_subject", "persona: Sarah", "persona: John", "not persona"),
        ("scripts/email_first", "email_subject", "Who answers", "Who answers", "not nothing"),
        (
            "scripts/email_first",
            "email_subject",
            "Who answers at {{ company }} during a job?",
            "'Re: your call'",
            "pretends",
        ),
        ("playbooks/cold", "step_spacing", "channel: sms", "channel: email", "step"),
        ("scripts/email_first", "price", "Who", "Whom", "no lever"),
        ("scripts/email_first", "enrichment", "Who", "Whom", "no step of enrichment"),
        ("compliance", "email_body", "call_opening", "call_opening", "email_body may change"),
    ],
)
def test_anything_else__is_refused_with_the_reason(
    key: str, lever: str, old: str, new: str, reason: str
) -> None:
    with pytest.raises(DirectiveError, match=reason):
        ask(key, lever, old, new)


def test_what_compliance_forbids__is_refused_before_it_is_queued() -> None:
    phrase = BOOK.compliance.never_say[0]
    with pytest.raises(DirectiveError, match="compliance forbids"):
        ask("scripts/email_first", "email_body", "Would 15 minutes", f"We {phrase}. Would 15 minutes")


@pytest.mark.parametrize("change", [{"metric": "opened"}, {"expected_lift": 0.0}])
def test_a_test_without_a_measure__is_refused(change: dict[str, object]) -> None:
    with pytest.raises(DirectiveError):
        ask("scripts/email_first", "email_subject", "Who", "Whom", **change)
