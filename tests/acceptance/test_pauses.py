"""Paused and resumed at any moment, with failures in between: everybody is reached, and nobody twice."""

from __future__ import annotations

import random
from typing import Any

import pytest

from shared.state import State
from shared.state.postgres import PostgresTransport
from tests.support.transports import Interrupting
from tests.support.world import Stand, morning, people

MAILED = people(60)
PAUSES = 20


def paused_at(here: Stand, dice: random.Random) -> None:
    """A tick in which the owner pulls the kill switch at a send, and the provider may break one off."""
    inner = here.days.loop.state.transport

    def pull(_: Any) -> None:
        with State(PostgresTransport(here.dsn), here.days.loop.settings.installation_id) as owner:
            owner.live.set_kill_switch(True, reason="test", actor="owner")

    where = dice.choice(["claim_due_v2", "begin_send_v1", "record_receipt_v1"])
    here.wrap(lambda _: Interrupting(inner, where, pull, dice.randint(1, 3)))
    if dice.random() < 0.3:
        verdicts = iter([None] * dice.randint(0, 3) + [dice.choice(["500", "drop", "429"])])
        here.fault = lambda point, _: next(verdicts, None) if point == "resend.send" else None
    here.tick()
    here.fault = lambda *_: None
    here.wrap(lambda _: inner)
    for _ in range(dice.randint(0, 2)):
        here.tick()
    here.days.loop.state.live.set_kill_switch(False, reason="", actor="owner")


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2])
def test_twenty_pauses__everybody_once(database: str, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - a test's dice
    with morning(database, MAILED) as here:
        for _ in range(PAUSES):
            paused_at(here, dice)
        for _ in range(200):
            if len(here.sent("email")) >= len(MAILED) and not here.days.loop.state.measures.open_deliveries(
                9
            ):
                break
            here.tick()
        assert sorted(here.sent("email")) == sorted(row["email"] for row in MAILED)
        assert max(here.references().values()) == 1
