"""What every command shares: the loop it works on, and the form of its answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from shared.config import Settings

if TYPE_CHECKING:
    from shared.loop import Loop

JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@contextmanager
def opened(settings: Settings | None = None) -> Iterator[Loop]:
    """The loop that the environment describes."""
    from shared import loop as loops

    loop = loops.build(settings or Settings.from_env())
    try:
        yield loop
    finally:
        loop.close()


def answer(values: dict[str, Any], as_json: bool, words: str) -> None:
    """Print the answer in the form that was asked for."""
    click.echo(json.dumps(values, default=str) if as_json else words)
