"""Experiments to test with: a proposal, units that meet it, and what becomes of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from shared.directives import content_hash, read
from shared.experiments import arm_of
from tests.support.ledger import Ledger

KEY = "scripts/email_first"
OLD = next(file.text for file in read() if file.key == KEY)
NEW = OLD.replace("Who answers", "Who picks up")


def proposal(key: str = KEY, name: str = "shorter", **changes: Any) -> dict[str, Any]:
    """A change of an email's body that is judged by replies."""
    row = {
        "name": name,
        "claim": f"A {name} email is answered more often",
        "lever": "email_body",
        "directive_key": key,
        "counted_from": "touch",
        "metric": "replied",
        "channel": "email",
        "population": "everyone",
        "salt": name,
        "expected_lift": 0.5,
        "value": 0,
        "window_days": 3,
        "proposed_by": "owner",
        "kind": "script",
        "text": NEW,
        "content_hash": content_hash(NEW),
    }
    return row | changes


@dataclass
class Lab:
    """One running test and its traffic."""

    ledger: Ledger
    experiment_id: int
    salt: str = "shorter"
    _next: list[int] = field(default_factory=lambda: [0])

    @classmethod
    def running(cls, ledger: Ledger, *, base_rate: float = 0.1, n_max: int = 2800, **changes: Any) -> Lab:
        """A test that begins now against the head of its key."""
        key = changes.get("directive_key", KEY)
        files = [{"key": key, "kind": "script", "hash": content_hash(OLD), "text": OLD}]
        ledger.state.directives.seed(files, release=f"r {key}")
        asked = proposal(**changes)
        number = ledger.state.experiments.propose(asked)
        assert ledger.state.experiments.start(number, base_rate=base_rate, n_max=n_max, max_days=28, value=0)
        return cls(ledger, number, asked["salt"])

    def expose(self, counts: dict[str, int], *, at: datetime | None = None, source: str = "csv") -> list[str]:
        """So many units meet the test in each arm; answers their names, control first."""
        names: list[str] = []
        rows = []
        for arm, count in counts.items():
            found = 0
            while found < count:
                self._next[0] += 1
                unit = f"company:{self._next[0]}"
                if arm_of(self.salt, unit, 0.5) == arm:
                    found += 1
                    names.append(unit)
                    rows.append(
                        {
                            "experiment_id": self.experiment_id,
                            "unit": unit,
                            "arm": arm,
                            "source": source,
                            "at": (at or self.ledger.now).isoformat(),
                        }
                    )
        self.ledger.run("select expose_units(%s)", Jsonb(rows))
        return names

    def hear(self, units: Iterable[str], event: str = "replied", *, channel: str = "email") -> None:
        """An event of these units, now."""
        at = self.ledger.now.isoformat()
        rows = [{"unit": unit, "channel": channel, "event": event, "at": at} for unit in units]
        self.ledger.run("select note_unit_outcomes(%s)", Jsonb(rows))

    def skip(self, companies: int) -> None:
        """Let the next company have a number that much higher."""
        self._next[0] += companies

    def feed(self, control: tuple[int, int], treatment: tuple[int, int], *, days: int = 8) -> None:
        """So many of so many succeed in each arm, and the window is over."""
        units = self.expose({"control": control[0], "treatment": treatment[0]})
        self.hear(units[: control[1]])
        self.hear(units[control[0] : control[0] + treatment[1]])
        self.ledger.after(days=days)

    def totals(self) -> dict[str, dict[str, int]]:
        """The counts of each arm after a fold."""
        self.ledger.state.experiments.fold()
        (found,) = (e for e in self.ledger.state.experiments.all() if e.id == self.experiment_id)
        return {arm: counts.model_dump() for arm, counts in found.arms.items()}

    @property
    def state(self) -> tuple[str, str | None]:
        """State and verdict."""
        return self.ledger.rows("select state, verdict from experiments where id = %s", self.experiment_id)[0]
