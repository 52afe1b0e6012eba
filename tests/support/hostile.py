"""Texts that somebody may write to break out of a statement or a page."""

from __future__ import annotations

import random
from collections.abc import Iterator

PARTS = (
    *("'", '"', "\\", ";", "--", "/*", "$$", "%s", "%(a)s", "{}", "{{7*7}}", "\u202e", "\ufffd", "\n", "é"),
    *("' or '1'='1", "'; drop table leads; --", "$1", "\\'; select pg_sleep(9) --"),
    *(
        "<script>",
        "NULL",
        "::jsonb",
        "</td></table>",
        "<img src=x onerror=y>",
        "<!--",
        "-->",
        "]]>",
        "&lt;b&gt;",
    ),
    *(
        '"]}',
        '{"kind": "x"}',
        "x' || (select 1) || '",
        "E'\\x27'",
        "\u2028",
        "a" * 300,
        "onclick=1",
        "'>\"><b>",
    ),
)


def payloads(count: int) -> Iterator[str]:
    """So many hostile texts, the same each time."""
    chance = random.Random(20)  # noqa: S311 - seeded
    return ("".join(chance.choices(PARTS, k=chance.randint(1, 5))) for _ in range(count))
