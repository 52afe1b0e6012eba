"""What people of a world write means to the loop what it means to them."""

from __future__ import annotations

import pytest

from shared.inbound import classify_reply
from simulator.world.words import OPT_OUT_TEXTS, REPLIES

STOPS = {"opt_out", "complaint"}
MEANT = [(text, kind) for kind, texts in REPLIES.items() for text in texts]


@pytest.mark.parametrize(("text", "kind"), [*MEANT, *((text, "opt_out") for text in OPT_OUT_TEXTS)])
def test_reply__is_read_as_it_was_meant(text: str, kind: str) -> None:
    found = classify_reply(f"{text}\n\nAda", "Re: Hello")
    assert found in STOPS if kind == "opt_out" else found == kind
