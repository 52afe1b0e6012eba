"""The worlds that can be simulated, each a TOML file, and what such a file may hold."""

from __future__ import annotations

from simulator.worlds.file import Effect, WorldFile, load, shipped

__all__ = ["Effect", "WorldFile", "load", "shipped"]
