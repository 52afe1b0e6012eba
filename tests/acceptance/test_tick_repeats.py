"""A second try is the first one's bytes, and no worker's clock has a say."""

from __future__ import annotations

import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import pytest

import shared.clock
from shared.directives import read, seed_payload
from shared.directives.files import content_hash
from shared.state.embedded import EmbeddedServer
from simulator.wire.http import Request
from tests.support.database import cloned
from tests.support.world import Stand, morning, people

MAILED = people(12)


class FirstTriesFail:
    """Keeps each mail's bytes by its key, and answers its first tries with codes that ask for another."""

    def __init__(self, *verdicts: str) -> None:
        self.bodies: dict[str, list[bytes]] = defaultdict(list)
        self._verdicts = verdicts

    def __call__(self, point: str, request: Request) -> str | None:
        if point != "resend.send":
            return None
        key = request.headers["idempotency-key"]
        self.bodies[key].append(request.body)
        tries = len(self.bodies[key])
        return self._verdicts[(tries - 1) % len(self._verdicts)] if tries <= len(self._verdicts) else None


def change_everything(here: Stand, version: int) -> None:
    """Other words, other facts of the leads, other letters of the business, as a new deploy brings them."""
    files = []
    for file in read():
        text = file.text.replace("Hi {{ first_name }}", f"Hello v{version} {{{{ first_name }}}}")
        text = text.replace("{{ company }}", f"{{{{ company }}}} v{version}")
        files.append(type(file)(file.key, file.kind, text, content_hash(text)))
    assert any(file.text != now.text for file, now in zip(files, read(), strict=True))
    release = f"v{version}"
    here.days.loop.state.directives.seed(seed_payload(files), release=release)
    here.configure(release=release, business_name=f"Example Answering {version}")
    here.days.loop.__dict__.pop("book", None)
    here.rows(
        "with changed as (update leads set first_name = first_name || %s, last_name = 'Other', score = 77"
        " returning id) select count(*) from changed",
        f" {version}",
    )


def test_second_and_third_try__are_byte_for_byte_the_first(database: str) -> None:
    with morning(database, MAILED) as here:
        here.fault = tries = FirstTriesFail("429", "429")
        for number in range(80):
            here.tick()
            if number < 3 or number % 9 == 0:
                change_everything(here, number)
            if len(here.sent("email")) == len(MAILED):
                break
        assert sorted(here.sent("email")) == sorted(row["email"] for row in MAILED)
        assert max(here.references().values()) == 1
    assert len(tries.bodies) == len(MAILED)
    repeated = [bodies for bodies in tries.bodies.values() if len(bodies) > 1]
    assert len(repeated) == len(MAILED)
    assert [len(set(bodies)) for bodies in repeated] == [1] * len(MAILED)


class Skewed(datetime):
    """A machine's clock that is off."""

    off = timedelta()

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        """The wrong time."""
        return datetime.now(tz or UTC) + cls.off


@pytest.mark.parametrize("off_s", [-600, 600])
def test_worker_whose_clock_is_off__does_the_same_things_at_the_same_times(
    server: EmbeddedServer, template: str, monkeypatch: pytest.MonkeyPatch, off_s: int
) -> None:
    def day() -> list[dict[str, Any]]:
        with cloned(server, template) as dsn, morning(dsn, MAILED[:4]) as here:
            for _ in range(3):
                here.tick()
            return here.touches()

    right = day()
    real = time.time
    jumps = iter(range(10**6))
    # Off, and now and then stepped by a minute: a machine whose time service is at work.
    monkeypatch.setattr(time, "time", lambda: real() + off_s - 60 * (next(jumps) % 7 == 0))
    monkeypatch.setattr(shared.clock, "datetime", type("Off", (Skewed,), {"off": timedelta(seconds=off_s)}))
    assert day() == right
