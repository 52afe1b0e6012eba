"""What strangers wrote, as data for a model: bounded, a line each, unable to end their own quotation."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

LONGEST_WORDS = 300
LONGEST_BLOCK = 12_000


def data_block(name: str, rows: Iterable[Mapping[str, Any]], *, longest: int = LONGEST_BLOCK) -> str:
    """One JSON object a line within `<data name="…">`; rows that do not fit any more are counted, not cut.

    `<` and `>` are written as escapes, so no text from outside can look like the end of its block.
    """
    lines, left_out, size = list[str](), 0, 0
    for row in rows:
        line = _line(row)
        if left_out or size + len(line) > longest:
            left_out += 1
            continue
        lines.append(line)
        size += len(line) + 1
    more = f'\n{{"rows_left_out": {left_out}}}' if left_out else ""
    return f'<data name="{name}">\n' + "\n".join(lines) + more + "\n</data>"


def _line(row: Mapping[str, Any]) -> str:
    text = json.dumps({key: _bounded(value) for key, value in row.items()}, ensure_ascii=True, default=str)
    return text.replace("<", "\\u003c").replace(">", "\\u003e")


def _bounded(value: Any) -> Any:
    if isinstance(value, str) and len(value) > LONGEST_WORDS:
        return value[:LONGEST_WORDS] + "…"
    if isinstance(value, Mapping):
        return {str(key)[:LONGEST_WORDS]: _bounded(each) for key, each in list(value.items())[:50]}
    if isinstance(value, list | tuple):
        return [_bounded(each) for each in value[:50]]
    return value
