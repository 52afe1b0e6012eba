"""What a call costs, from the tokens that the answer reports.

List prices in USD per million tokens, as of October 2026; writing to the cache for five minutes costs 1.25
times the input.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.directives.prompts import ModelName

CACHE_WRITE = 1.25
LETTERS_A_TOKEN = 3
"""Fewer than English text has, so that an estimate errs on the dear side."""


@dataclass(frozen=True)
class Price:
    """USD per million tokens in, out, and read from the cache."""

    into: float
    out: float
    cached: float


PRICES: dict[ModelName, Price] = {
    "claude-haiku-5-5": Price(0.10, 0.50, 0.01),
    "claude-sonnet-5-5": Price(2.0, 10.0, 0.10),
    "claude-opus-5-5": Price(4.0, 20.0, 0.20),
}
LONG_HAIKU = Price(0.50, 2.50, 0.05)
LONG = 100_000


@dataclass(frozen=True)
class Usage:
    """Tokens of one call. The whole prompt is fresh, written and read ones together."""

    fresh: int
    written: int
    read: int
    out: int


def cost_usd(model: ModelName, usage: Usage) -> float:
    """The price of a call that was answered."""
    price = _price(model, usage.fresh + usage.written + usage.read)
    prompt = usage.fresh * price.into + usage.written * price.into * CACHE_WRITE + usage.read * price.cached
    return round((prompt + usage.out * price.out) / 1e6, 6)


def worst_usd(model: ModelName, letters: int, max_tokens: int) -> float:
    """The most that a call with so many letters can cost: reserved before it is made."""
    return cost_usd(model, Usage(0, -(-letters // LETTERS_A_TOKEN), 0, max_tokens))


def _price(model: ModelName, prompt_tokens: int) -> Price:
    return LONG_HAIKU if model == "claude-haiku-5-5" and prompt_tokens > LONG else PRICES[model]
