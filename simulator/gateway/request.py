"""From an HTTP request to a call: arguments, preferences, and what is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from urllib.parse import parse_qsl, unquote, urlsplit

from shared.state.rpc import Shape, matching
from simulator.gateway.answers import Refusal, compact, not_offered
from simulator.gateway.keys import Caller

PREFIX = "/rest/v1/rpc/"
_TABLE_PARAMETERS = frozenset({"select", "order", "limit", "offset", "and", "or"})
_FILTER = re.compile(r"^(not\.)?(eq|neq|gt|gte|lt|lte|like|ilike|match|imatch|in|is|fts|cs|cd|ov)[.(]")
_PREFERENCES = frozenset(
    {"count", "timezone", "handling", "tx", "return", "missing", "resolution", "max-affected"}
)
_JSON_BODIES = frozenset(
    {"application/json", "application/vnd.pgrst.object+json", "application/vnd.pgrst.array+json"}
)
_KNOWN_BODIES = frozenset({"text/plain", "text/xml", "application/octet-stream", "text/csv"})
_KNOWN_ANSWERS = frozenset(
    {"text/csv", "text/xml", "text/plain", "application/octet-stream", "application/geo+json"}
)


@dataclass(frozen=True)
class Request:
    """One HTTP request as it came in."""

    method: str
    target: str
    headers: Message
    body: bytes


@dataclass(frozen=True)
class Call:
    """A call that is understood but not yet matched to a function.

    `body` is JSON text (numbers exactly as sent); `repeated` holds the arguments of a query string or
    form, whose JSON depends on which of them is variadic.
    """

    function: str
    method: str
    caller: Caller
    headers: Mapping[str, str]
    path: str
    names: Collection[str]
    body: str
    repeated: Sequence[tuple[str, str]]
    preferences: Mapping[str, str]
    whole_body: bool

    @property
    def counted(self) -> bool:
        """Whether the total number of rows is asked for."""
        return self.preferences.get("count") == "exact"

    def arguments(self, shape: Shape) -> str:
        """The JSON body for one overload."""
        if not self.repeated:
            return self.body
        variadic = {parameter.name for parameter in shape.parameters if parameter.variadic}
        values: dict[str, object] = dict(self.repeated)
        for name in variadic & values.keys():
            values[name] = [value for key, value in self.repeated if key == name]
        return compact(values)


def understood(request: Request, caller: Caller) -> Call:
    """The call a request means. Raises `Refusal`."""
    parts = urlsplit(request.target)
    if request.method not in ("POST", "GET", "HEAD"):
        raise Refusal(405, "PGRST101", f"Cannot use the {request.method} method on RPC")
    query = parse_qsl(parts.query, keep_blank_values=True)
    preferences = _preferences(request.headers)
    _check_profile(request)
    _check_accept(request.headers.get("Accept", "*/*"))
    if request.method == "POST":
        names, body, repeated, whole = _posted(request, query)
    else:
        if "Range" in request.headers:
            raise not_offered("ranges")
        names, body, repeated, whole = _from_pairs(query)
    return Call(
        function=unquote(parts.path.removeprefix(PREFIX)),
        method=request.method,
        caller=caller,
        headers={name.lower(): value for name, value in request.headers.items()},
        path=parts.path.removeprefix("/rest/v1"),
        names=names,
        body=body,
        repeated=repeated,
        preferences=preferences,
        whole_body=whole,
    )


_Arguments = tuple[Collection[str], str, Sequence[tuple[str, str]], bool]


def _posted(request: Request, query: Sequence[tuple[str, str]]) -> _Arguments:
    columns = dict(query).get("columns")
    for name, value in query:
        if name in _TABLE_PARAMETERS or _FILTER.match(value):
            raise not_offered("filters, select, order, limit and offset on functions")
        if name != "columns":
            raise Refusal(400, "PGRST100", f'"failed to parse filter ({value})" (line 1, column 1)')
    kind = request.headers.get("Content-Type", "application/json").partition(";")[0].strip()
    if kind == "application/x-www-form-urlencoded":
        return _from_pairs(parse_qsl(request.body.decode(), keep_blank_values=True))
    if kind in _KNOWN_BODIES:
        raise not_offered(f"bodies of type {kind}")
    if kind not in _JSON_BODIES:
        raise Refusal(400, "PGRST102", f"Content-Type not acceptable: {kind}")
    names, body = _from_json(request.body.decode() or "{}")
    return (names if columns is None else columns.split(",")), body, (), True


def _from_pairs(pairs: Sequence[tuple[str, str]]) -> _Arguments:
    for name, value in pairs:
        if name in _TABLE_PARAMETERS or _FILTER.match(value):
            raise not_offered("filters, select, order, limit and offset on functions")
    return {name for name, _ in pairs}, "{}", pairs, False


def _from_json(text: str) -> tuple[Collection[str], str]:
    try:
        value = json.loads(text)
    except ValueError:
        raise Refusal(400, "PGRST102", "Empty or invalid json") from None
    if isinstance(value, dict):
        return value.keys(), text
    if not isinstance(value, list) or not value or not isinstance(value[0], dict):
        return (), text
    if any(not isinstance(row, dict) or row.keys() != value[0].keys() for row in value):
        raise Refusal(400, "PGRST102", "All object keys must match")
    return value[0].keys(), text


def first_object(text: str) -> str:
    """Of an array of objects the first, cut out of the text so that its numbers stay as sent."""
    stripped = text.lstrip()
    if not stripped.startswith("["):
        return text
    inside = stripped[1:].lstrip()
    return inside[: json.JSONDecoder().raw_decode(inside)[1]]


def _preferences(headers: Message) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in headers.get_all("Prefer", []):
        for part in line.split(","):
            name, _, value = part.strip().partition("=")
            found.setdefault(name, value)
    if found.get("handling") == "strict":
        unknown = [f"{name}={value}" for name, value in found.items() if name not in _PREFERENCES]
        if unknown:
            details = f"Invalid preferences: {', '.join(unknown)}"
            raise Refusal(400, "PGRST122", "Invalid preferences given with handling=strict", details)
        if "max-affected" in found:
            raise not_offered("max-affected")
    if found.get("count") in ("planned", "estimated"):
        raise not_offered("estimated counts")
    return found


def _check_profile(request: Request) -> None:
    name = "Content-Profile" if request.method == "POST" else "Accept-Profile"
    schema = request.headers.get(name, "public")
    if schema != "public":
        hint = "Only the following schemas are exposed: public"
        raise Refusal(406, "PGRST106", f"Invalid schema: {schema}", hint=hint)


def _check_accept(accept: str) -> None:
    kinds = [kind.partition(";")[0].strip() for kind in accept.split(",")]
    if any(kind in ("*/*", "application/*", "application/json") for kind in kinds):
        return
    if any(kind in _KNOWN_ANSWERS or kind.startswith("application/vnd.pgrst") for kind in kinds):
        raise not_offered(f"answers of type {accept}")
    raise Refusal(406, "PGRST107", f"None of these media types are available: {accept}")


def resolve(call: Call, shapes: Sequence[Shape]) -> Shape:
    """The one overload meant, by argument names alone. Raises `Refusal` for none and for several."""
    fitting = matching(shapes, call.names)
    if not fitting and call.whole_body:
        fitting = [shape for shape in shapes if shape.takes_whole_body]
    if not fitting:
        raise _missing(call)
    if len(fitting) > 1:
        candidates = ", ".join(shape.signature() for shape in fitting)
        raise Refusal(
            300,
            "PGRST203",
            f"Could not choose the best candidate function between: {candidates}",
            hint="Try renaming the parameters or the function itself in the database so function overloading "
            "can be resolved",
        )
    return fitting[0]


def _missing(call: Call) -> Refusal:
    names = sorted(call.names)
    function = f"public.{call.function}"
    shown = f"{function}({', '.join(names)})" if names else f"{function} without parameters"
    with_names = (
        f" with parameter{'s' if len(names) > 1 else ''} {', '.join(names)}"
        if names
        else " without parameters"
    )
    either = " or with a single unnamed json/jsonb parameter" if call.whole_body else ""
    details = (
        f"Searched for the function {function}{with_names}{either}, "
        "but no matches were found in the schema cache."
    )
    return Refusal(404, "PGRST202", f"Could not find the function {shown} in the schema cache", details)
