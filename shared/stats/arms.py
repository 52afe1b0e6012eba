"""Counts of the two arms of a test."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Arm:
    """Matured units of one arm, and how many of them succeeded within the outcome window.

    Raises ValueError for counts that no arm can have.
    """

    n: int
    successes: int

    def __post_init__(self) -> None:
        if not 0 <= self.successes <= self.n:
            raise ValueError(f"an arm of {self.n} cannot have {self.successes} successes")

    @property
    def failures(self) -> int:
        """Units that did not succeed."""
        return self.n - self.successes

    @property
    def rate(self) -> float:
        """Share of successes; 0 for an empty arm."""
        return self.successes / self.n if self.n else 0.0


@dataclass(frozen=True)
class LiveArm:
    """An arm as of now: all `assigned`, the `successes` known, and the `failures` of those past the window.

    Whoever is inside the window and has not succeeded is neither: they still may.
    """

    assigned: int
    successes: int
    failures: int

    def __post_init__(self) -> None:
        if min(self.assigned, self.successes, self.failures) < 0:
            raise ValueError("counts of an arm cannot be negative")
        if self.successes + self.failures > self.assigned:
            raise ValueError(f"{self.assigned} assigned cannot have more outcomes than that")

    @property
    def rate(self) -> float:
        """Successes known now per assigned unit; 0 for an empty arm."""
        return self.successes / self.assigned if self.assigned else 0.0


def relative_lift(control: float, treatment: float) -> float | None:
    """How much higher the treatment's rate is, as a share of the control's.

    0 when neither has a success; None when only the control has none, where it would be infinite.
    """
    if control > 0:
        return treatment / control - 1
    return None if treatment > 0 else 0.0
