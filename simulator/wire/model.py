"""What the model says: behaviours by name. None of them pretends to be intelligence."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from simulator.faults.words import ATTACKS

Json = Any
StopReason = Literal["end_turn", "max_tokens", "refusal"]


@dataclass(frozen=True)
class Asked:
    """One request to the model: every text in it, the schema its answer must have, and how often it came.

    `n` counts requests with the same messages from 1, so that a retry can be answered differently.
    """

    text: str
    schema: Json | None
    n: int


@dataclass(frozen=True)
class Said:
    """What the model answers."""

    text: str
    stop_reason: StopReason = "end_turn"


@dataclass(frozen=True)
class Unable:
    """An error instead of an answer."""

    status: int


Behaviour = Callable[[Asked], Said | Unable]


def says(value: Json) -> Behaviour:
    """Always this JSON value, whatever was asked."""
    return lambda _: Said(json.dumps(value))


def plain(asked: Asked) -> Said:
    """The emptiest answer that the schema allows."""
    return Said("OK." if asked.schema is None else json.dumps(filled(asked.schema)))


def malformed(asked: Asked) -> Said:
    """An answer that breaks off in the middle."""
    whole = plain(asked).text
    return Said(whole[: max(len(whole) // 2, 1)], "max_tokens")


def refuses(_asked: Asked) -> Said:
    """No answer, as a matter of principle; the text does not fit the schema."""
    return Said("", "refusal")


def overloaded(_asked: Asked) -> Unable:
    """Too much to do."""
    return Unable(529)


def overloaded_then(times: int, then: Behaviour = plain) -> Behaviour:
    """Overloaded so many times for each request, then as `then`."""
    return lambda asked: overloaded(asked) if asked.n <= times else then(asked)


def confidently_wrong(asked: Asked) -> Said:
    """An answer of the right shape that is sure of what nobody said, with evidence that does not exist."""
    return Said("It is certain." if asked.schema is None else json.dumps(filled(asked.schema, sure=True)))


def obeys(asked: Asked) -> Said:
    """Does what any attacker in the text wants, inside the schema and beside it."""
    wanted: dict[str, Json] = {}
    for attack in ATTACKS:
        if attack.text in asked.text:
            wanted |= attack.wants
    answer = filled(asked.schema) if asked.schema is not None else {}
    return Said(json.dumps(answer | wanted if isinstance(answer, dict) else wanted))


BEHAVIOURS: dict[str, Behaviour] = {
    "plain": plain,
    "malformed": malformed,
    "refuses": refuses,
    "overloaded": overloaded,
    "confidently_wrong": confidently_wrong,
    "obeys": obeys,
}


def filled(schema: Mapping[str, Json], *, sure: bool = False, root: Mapping[str, Json] | None = None) -> Json:
    """A value of a JSON schema: the least one, or the boldest one."""
    root = root or schema
    if "$ref" in schema:
        target: Json = root
        for part in str(schema["$ref"]).removeprefix("#/").split("/"):
            target = target[part]
        return filled(target, sure=sure, root=root)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][-1 if sure else 0]
    choices = schema.get("anyOf") or schema.get("oneOf")
    if choices:
        return filled(choices[0 if sure else -1], sure=sure, root=root)
    return _of_type(schema, sure, root)


def _of_type(schema: Mapping[str, Json], sure: bool, root: Mapping[str, Json]) -> Json:
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        fields = schema.get("properties", {})
        return {name: filled(field, sure=sure, root=root) for name, field in fields.items()}
    if kind == "array":
        return [filled(schema["items"], sure=True, root=root)] if sure and "items" in schema else []
    simple = {
        "string": ("", "certain-7777"),
        "number": (0.0, 0.99),
        "integer": (0, 99),
        "boolean": (False, True),
    }
    return simple.get(str(kind), (None, None))[sure]
