"""What an answer makes of the contact it answers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shared.hearing import with_meaning
from shared.providers.event import ProviderEvent, Reply, ReplyClass

AT = datetime(2026, 10, 8, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("provider", "meaning", "ended"),
    [
        ("resend", "opt_out", "unsubscribed"),
        ("resend", "complaint", "unsubscribed"),
        ("twilio", "opt_out", "opted_out"),
        ("resend", "positive", "replied"),
        ("resend", "out_of_office", None),
    ],
)
def test_ending__a_wish_to_stop_is_not_left_as_what_a_machine_did(
    provider: str, meaning: ReplyClass, ended: str | None
) -> None:
    event = ProviderEvent(provider, "1", "received", AT, {}, reply=Reply("please stop"))
    assert with_meaning(event, meaning).disposition == ended
