"""Anthropic's Messages API, answered by a scripted behaviour."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from simulator.wire.backstage import Backstage, as_dict
from simulator.wire.http import Request, Response, answer
from simulator.wire.model import BEHAVIOURS, Asked, Behaviour, Said, Unable, plain
from simulator.world.dice import digest

Body = dict[str, Any]

KINDS = {
    400: ("invalid_request_error", "The request is not valid."),
    401: ("authentication_error", "invalid x-api-key"),
    404: ("not_found_error", "Not found"),
    429: ("rate_limit_error", "This request would exceed your organization’s rate limit"),
    529: ("overloaded_error", "Overloaded"),
}
SPEND_LIMIT = {"error_code": "enforced_spend_limit_reached"}
GONE = ("temperature", "top_p", "top_k")
LETTERS_A_TOKEN = 4
LEAST_CACHED = 1024
TTL = {"5m": timedelta(minutes=5), "1h": timedelta(hours=1)}


def problem(status: int, message: str = "", details: Body | None = None) -> Response:
    """Anthropic's error body."""
    kind, usual = KINDS.get(status, ("api_error", "Internal server error"))
    error: Body = {"type": kind, "message": message or usual}
    if details:
        error["details"] = details
    ident = "req_" + digest(status, message).hex()[:24]
    body = {"type": "error", "error": error, "request_id": ident}
    headers = {"request-id": ident} | ({"retry-after": "30"} if status == 429 and not details else {})
    return answer(status, body, headers)


@dataclass(frozen=True)
class Kept:
    """A cached beginning of a prompt."""

    until: datetime
    ttl: str


class AnthropicFake:
    """`POST /v1/messages` and `…/count_tokens`, `GET /v1/models`. No streaming and no batches.

    `behaviour` answers; a world's fault may answer in its place. What was asked is kept in `asked`.
    """

    def __init__(self, back: Backstage) -> None:
        self._back = back
        self.behaviour: Behaviour = plain
        self.asked: list[Body] = []
        self._counts: Counter[bytes] = Counter()
        self._cache: dict[bytes, Kept] = {}

    def point(self, request: Request) -> str:
        """See `Fake`."""
        return "anthropic.create" if request.path == "/v1/messages" else "anthropic.read"

    def failure(self, status: int) -> Response:
        """See `Fake`."""
        return problem(status)

    def quota(self) -> Response:
        """See `Fake`: the month's spend limit. Nothing tells how long to wait."""
        return problem(429, "You have reached your enforced spend limit.", SPEND_LIMIT)

    def handle(self, request: Request) -> Response:
        """See `Fake`."""
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self._back.credentials.anthropic_key not in {given, request.headers.get("x-api-key")}:
            return problem(401)
        if "anthropic-version" not in request.headers:
            return problem(400, "anthropic-version: header is required")
        if (request.method, request.path) == ("GET", "/v1/models"):
            return answer(200, {"data": [], "has_more": False, "first_id": None, "last_id": None})
        try:
            body = as_dict(request.json())
        except ValueError:
            return problem(400, "The request body is not valid JSON.")
        if (request.method, request.path) == ("POST", "/v1/messages/count_tokens"):
            return answer(200, {"input_tokens": _tokens("".join(texts(body)))})
        if (request.method, request.path) != ("POST", "/v1/messages"):
            return problem(404)
        complaint = _complaint(body)
        return problem(400, complaint) if complaint else self._create(body)

    def _create(self, body: Body) -> Response:
        self.asked.append(body)
        key = digest(json.dumps(body.get("messages"), sort_keys=True), body.get("system"))
        self._counts[key] += 1
        asked = Asked("\n".join(texts(body)), _schema(body), self._counts[key])
        named = self._back.faults.model.behaviour(key.hex()[:16], asked.n, self._back.clock.now)
        said = (BEHAVIOURS[named] if named else self.behaviour)(asked)
        if isinstance(said, Unable):
            return problem(said.status)
        return answer(200, self._message(body, said), {"request-id": f"req_{key.hex()[:24]}"})

    def _message(self, body: Body, said: Said) -> Body:
        refused = said.stop_reason == "refusal"
        number = digest(self._back.world.seed, len(self.asked), body.get("messages")).hex()[:24]
        message: Body = {
            **{"id": f"msg_{number}", "type": "message", "role": "assistant", "model": body["model"]},
            "content": [] if refused else [{"type": "text", "text": said.text}],
            **{"stop_reason": said.stop_reason, "stop_sequence": None},
        }
        if refused:
            message["stop_details"] = {"type": "refusal", "category": None}
        return message | {"usage": self._usage(body, said)}

    def _usage(self, body: Body, said: Said) -> Body:
        """Tokens of the prompt: read from the cache, written to it, or neither. Their sum is the prompt."""
        stable, ttl = _stable(body)
        whole, prefix = _tokens("".join(texts(body))), _tokens(stable)
        now, key, written, read = self._back.clock.now, digest(body["model"], stable), 0, 0
        if ttl and prefix >= LEAST_CACHED:
            kept = self._cache.get(key)
            read, written = (prefix, 0) if kept and kept.until > now else (0, prefix)
            self._cache[key] = Kept(now + TTL[ttl], ttl)
        return {
            "input_tokens": whole - read - written,
            "output_tokens": max(_tokens(said.text), 1),
            "cache_creation_input_tokens": written,
            "cache_read_input_tokens": read,
            "cache_creation": {f"ephemeral_{name}_input_tokens": written * (name == ttl) for name in TTL},
            "service_tier": "standard",
        }


def texts(body: Body) -> Iterator[str]:
    """Every text of the prompt in the order in which it is read: tools, system, messages."""
    for text, _ in _parts(body):
        yield text


def _parts(body: Body) -> Iterator[tuple[str, Body]]:
    for tool in body.get("tools") or ():
        yield json.dumps(tool, sort_keys=True), as_dict(tool)
    contents = [body.get("system"), *(as_dict(each).get("content") for each in body.get("messages") or ())]
    for content in contents:
        if isinstance(content, str):
            yield content, {}
        for block in content if isinstance(content, list) else ():
            inner = as_dict(block).get("text") or as_dict(block).get("content") or ""
            yield inner if isinstance(inner, str) else json.dumps(inner), as_dict(block)


def _stable(body: Body) -> tuple[str, str | None]:
    """The text up to the last block that is marked for the cache, and how long it is kept."""
    parts, end, ttl = list(_parts(body)), 0, None
    for place, (_, block) in enumerate(parts, start=1):
        mark = as_dict(block.get("cache_control"))
        if mark:
            end, ttl = place, str(mark.get("ttl", "5m"))
    return "".join(text for text, _ in parts[:end]), ttl


def _tokens(text: str) -> int:
    return -(-len(text) // LETTERS_A_TOKEN)


def _schema(body: Body) -> Any:
    return as_dict(as_dict(body.get("output_config")).get("format")).get("schema")


def _complaint(body: Body) -> str | None:
    for name in ("model", "max_tokens", "messages"):
        if not body.get(name):
            return f"{name}: Field required"
    for name in GONE:
        if name in body:
            return f"{name} is not supported for this model/version"
    if body.get("stream"):
        return "stream: not offered by this server"
    wanted = as_dict(as_dict(body.get("output_config")).get("format"))
    if wanted and wanted.get("type") != "json_schema":
        return "output_config.format.type: Input should be 'json_schema'"
    if wanted and not _closed(wanted.get("schema")):
        return "output_config.format.schema: For 'object' type, 'additionalProperties' must be set to false"
    return None


def _closed(schema: Any) -> bool:
    """Whether every object of the schema forbids further properties."""
    if isinstance(schema, list):
        return all(_closed(each) for each in schema)
    if not isinstance(schema, dict):
        return True
    if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
        return False
    return all(_closed(each) for each in schema.values())
