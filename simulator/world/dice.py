"""Randomness that belongs to a person, not to the order of requests.

Every draw is taken from a generator seeded by the world's seed and by what the draw is about. Two runs of
one seed give the same answers however requests interleave and whatever ids the caller made up.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from random import Random


def digest(*parts: object) -> bytes:
    """32 bytes that depend on every part and on nothing else."""
    return hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).digest()


def dice(*parts: object) -> Random:
    """A generator of its own for these parts, for instance (seed, person, channel, contact number)."""
    return Random(int.from_bytes(digest(*parts), "big"))


def stable_uuid(*parts: object) -> str:
    """A version 4 shaped id that is the same in every run of a seed."""
    return str(uuid.UUID(bytes=digest(*parts)[:16], version=4))


def pick(roll: Random, shares: Mapping[str, float]) -> str:
    """One name by its share; shares need not sum to one.

    Raises `ValueError` when there is nothing to pick from.
    """
    names = list(shares)
    return roll.choices(names, weights=[shares[name] for name in names])[0]
