"""A stop that commits at any point of a tick: nothing begins after it, and what is in flight is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any
from uuid import UUID

import pytest

from shared.state import State
from shared.state.postgres import PostgresTransport
from shared.state.transport import Json, Transport
from tests.support.transports import Watching
from tests.support.world import Stand, morning, people

MAILED = people(14)
BEGUN = "select o.id::text from deliveries d join touches o on o.id = d.id where d.submitted_at is not null"
LEASED = """
select o.id::text from deliveries d join touches o on o.id = d.id
where d.state in ('leased', 'submitted') order by d.place
"""
Act = Callable[[State], object]


class Everywhere(Watching):
    """Does something before every call, and tells it the number and name of the call."""

    def __init__(self, inner: Transport, act: Callable[[int, str], object]) -> None:
        super().__init__(inner)
        self._act = act

    def call(self, function: str, /, **arguments: Json) -> Json:
        """See `Transport`."""
        self._act(len(self.calls), function)
        return super().call(function, **arguments)


@contextmanager
def owner_of(here: Stand) -> Iterator[State]:
    """Somebody else at the same database, for as long as the test."""
    with closing(PostgresTransport(here.dsn)) as transport:
        yield State(transport, here.days.loop.settings.installation_id)


def begun(here: Stand) -> set[str]:
    """Touches that passed `begin_send`."""
    return {row["id"] for row in here.rows(BEGUN)}


def accepted(here: Stand) -> set[str]:
    """Touches that the provider took."""
    return set(here.references())


@pytest.mark.parametrize(
    ("stop", "go"),
    [
        (
            lambda state: state.live.set_kill_switch(True, reason="test", actor="owner"),
            lambda state: state.live.set_kill_switch(False, reason="", actor="owner"),
        ),
        (
            lambda state: state.live.turn_off(app="growthloop", actor="owner"),
            lambda state: state.live.turn_on(app="growthloop", actor="owner"),
        ),
    ],
    ids=["kill_switch", "not_live"],
)
def test_everything_stopped_at_each_call_of_a_tick__only_what_had_begun_goes_out(
    database: str, stop: Act, go: Act
) -> None:
    reached: set[str] = set()
    with morning(database, MAILED) as here, owner_of(here) as owner:
        inner = here.days.loop.state.transport
        for point in range(8, 21):
            before: list[set[str]] = []

            def pull(number: int, name: str, point: int = point, before: list[Any] = before) -> None:
                if number == point:
                    stop(owner)
                    before.append(begun(here))
                    reached.add(name)

            here.wrap(lambda _, pull=pull: Everywhere(inner, pull))  # type: ignore[misc]
            here.tick()
            if before:
                assert accepted(here) <= before[0], f"begun after the stop at call {point}"
                assert len(before[0] - accepted(here)) == 0, "in flight, and yet not sent"
            go(owner)
        here.wrap(lambda _: inner)
        here.tick()
        assert sorted(here.sent("email")) == sorted(row["email"] for row in MAILED)
        assert max(here.references().values()) == 1
    assert {"claim_due_v2", "begin_send_v1", "record_receipt_v1", "loop_now_v1"} <= reached


def test_opt_out_at_each_call_of_a_tick__that_person_is_not_begun_any_more(database: str) -> None:
    """Before every other call somebody opts out: whose turn it is, who was just sent to, who comes next."""
    stopped: dict[str, bool] = {}
    with morning(database, MAILED) as here, owner_of(here) as owner:
        ids = [str(touch["id"]) for touch in here.touches() if touch["channel"] == "email"]
        inner = here.days.loop.state.transport

        def opt_out(number: int, name: str) -> None:
            left = [each for each in ids if each not in stopped]
            if number % 2 or len(left) < 4:
                return
            leased = [each["id"] for each in here.rows(LEASED)]
            candidates = [each for each in leased if each in left] or left
            touch = candidates[number // 2 % len(candidates)]
            assert owner.events.unsubscribe(UUID(touch), source="link")
            stopped[touch] = touch in begun(here)

        here.wrap(lambda _: Everywhere(inner, opt_out))
        here.tick()
        here.wrap(lambda _: inner)
        here.tick()
        in_flight = {touch for touch, had_begun in stopped.items() if had_begun}
        assert len(stopped) > 6
        assert accepted(here) & set(stopped) == in_flight
        assert set(ids) - set(stopped) <= accepted(here), "the others go out"


def test_stop_while_the_request_is_on_its_way__counts_as_in_flight_and_nothing_follows(database: str) -> None:
    with morning(database, MAILED) as here, owner_of(here) as owner:

        def pull(point: str, _: Any) -> None:
            if point == "resend.send":
                owner.live.set_kill_switch(True, reason="test", actor="owner")

        here.fault = pull
        report = here.tick()
        assert len(here.sent("email")) == 1
        assert report.counts["refused"]["KILL_SWITCH"] == len(MAILED) - 1
        here.tick()
        assert len(here.sent("email")) == 1
