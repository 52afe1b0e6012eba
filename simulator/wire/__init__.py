"""The providers' own HTTP APIs on loopback, with the world behind them."""

from __future__ import annotations

from simulator.wire.server import Urls, WireServer

__all__ = ["Urls", "WireServer"]
