"""The people behind the fakes: who they are, and what they do when they are contacted."""

from __future__ import annotations

from simulator.world.people import Person, PhoneTruth
from simulator.world.population import World
from simulator.world.rates import Rates

__all__ = ["Person", "PhoneTruth", "Rates", "World"]
