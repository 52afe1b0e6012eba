"""The judge: pure functions from what the wire recorded, what is true of a world, and what the loop claims.

It knows nothing of dice and imports no production code (an import contract keeps that), so neither the world
nor the loop can talk it into anything. What the loop says comes in as `Claims`, and only to be compared.
"""

from __future__ import annotations

from simulator.score.claims import Claims
from simulator.score.odds import Odds
from simulator.score.total import Run, score

__all__ = ["Claims", "Odds", "Run", "score"]
