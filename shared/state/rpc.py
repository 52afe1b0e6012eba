"""How a call by name and named arguments becomes SQL: the rules of PostgREST, in one place.

Used by the Postgres transport and by the PostgREST-shaped gateway of the tests, so that both give the
same JSON. Everything is rendered by Postgres itself: number scale, timestamps and nulls are its own.
Source of the rules: PostgREST's QueryBuilder.hs, SqlFragment.hs and Plan.hs (version 16).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# One row per overload. `format_type(…, -1)` drops the implied length 1 of char and bit.
CATALOGUE = """
select coalesce(p.proargnames, '{}') as names,
       coalesce(p.proargmodes::text[], '{}') as modes,
       array(select format_type(t, -1) from unnest(coalesce(p.proallargtypes, p.proargtypes::oid[])) with
             ordinality u(t, i) order by i) as types,
       p.pronargdefaults as defaults,
       p.proretset as returns_set,
       t.typtype as return_kind,
       t.typname as return_name,
       coalesce(b.typtype, t.typtype) as base_kind,
       p.provolatile as volatility,
       coalesce(p.proconfig, '{}') as settings
  from pg_catalog.pg_proc p
  join pg_catalog.pg_namespace n on n.oid = p.pronamespace
  join pg_catalog.pg_type t on t.oid = p.prorettype
  left join pg_catalog.pg_type b on b.oid = t.typbasetype and t.typtype = 'd'
 where n.nspname = 'public' and p.proname = %s and p.prokind = 'f'
   and t.typname not in ('trigger', 'event_trigger')
 order by p.pronargs, p.oid
"""

_BODY_TYPES = frozenset({"json", "jsonb"})


@dataclass(frozen=True)
class Parameter:
    """One input parameter: its name ("" when it has none), SQL type, and what the caller may leave out."""

    name: str
    type: str
    required: bool
    variadic: bool


@dataclass(frozen=True)
class Shape:
    """What must be known of a database function to call it and to read its answer."""

    name: str
    parameters: tuple[Parameter, ...]
    returns_set: bool
    composite: bool
    void: bool
    volatile: bool
    settings: tuple[str, ...]

    @property
    def takes_whole_body(self) -> bool:
        """Whether its only parameter is an unnamed json or jsonb: then the whole body is the argument."""
        return (
            len(self.parameters) == 1
            and not self.parameters[0].name
            and self.parameters[0].type in _BODY_TYPES
        )

    def accepts(self, names: Collection[str]) -> bool:
        """Whether these argument names fit. Types and values play no part, as in PostgREST."""
        known = {parameter.name for parameter in self.parameters}
        required = {parameter.name for parameter in self.parameters if parameter.required}
        return "" not in known and required <= set(names) <= known

    def signature(self) -> str:
        """How PostgREST writes it in a message about ambiguity."""
        written = ", ".join(f"{p.name} => {p.type}" for p in self.parameters)
        return f"public.{self.name}({written})"


def shape_of(name: str, row: Mapping[str, Any]) -> Shape:
    """A `Shape` from one row of `CATALOGUE`."""
    modes: Sequence[str] = row["modes"] or ["i"] * len(row["types"])
    names: Sequence[str] = row["names"] or [""] * len(row["types"])
    inputs = [(n, t, m) for n, t, m in zip(names, row["types"], modes, strict=True) if m in ("i", "b", "v")]
    mandatory = len(inputs) - row["defaults"]
    parameters = tuple(
        Parameter(n, t, required=i < mandatory and m != "v", variadic=m == "v")
        for i, (n, t, m) in enumerate(inputs)
    )
    return Shape(
        name=name,
        parameters=parameters,
        returns_set=row["returns_set"],
        composite=row["return_kind"] == "c"
        or row["base_kind"] == "c"
        or any(m in ("o", "b", "t") for m in modes),
        void=row["return_name"] == "void",
        volatile=row["volatility"] == "v",
        settings=tuple(row["settings"]),
    )


def matching(shapes: Sequence[Shape], names: Collection[str]) -> list[Shape]:
    """The overloads these argument names fit: none is a missing function, more than one is ambiguous."""
    return [shape for shape in shapes if shape.accepts(names)]


def quoted(identifier: str) -> str:
    """An SQL identifier; percent signs doubled, for they are placeholders to the driver."""
    return '"' + identifier.replace('"', '""').replace("%", "%%") + '"'


def source_sql(shape: Shape, names: Collection[str]) -> str:
    """The call itself; it takes the JSON body as its one parameter unless no argument is given."""
    given = [p for p in shape.parameters if p.name in names]
    function = f"public.{quoted(shape.name)}"
    if shape.takes_whole_body:
        call, body = f"{function}(_a.body)", f"(select %s::{shape.parameters[0].type} as body) _a"
    elif given:
        passed = ", ".join(
            f"{'variadic ' if p.variadic else ''}{quoted(p.name)} := _a.{quoted(p.name)}" for p in given
        )
        columns = ", ".join(f"{quoted(p.name)} {p.type.replace('%', '%%')}" for p in given)
        call, body = f"{function}({passed})", f"json_to_record(%s::json) as _a({columns})"
    else:
        call, body = f"{function}()", ""
    if shape.composite:
        return f"select _f.* from {body}, lateral {call} _f" if body else f"select _f.* from {call} _f"  # noqa: S608
    return f"select {call} as value" + (f" from {body}" if body else "")  # noqa: S608


def body_sql(shape: Shape) -> str:
    """The expression that renders rows `_r` of the call as the JSON text PostgREST sends."""
    row = "_r" if shape.composite else "_r.value"
    if shape.returns_set:
        return f"coalesce(json_agg({row}), '[]')::text"
    return f"coalesce(json_agg({row}) -> 0, 'null')::text"


def statement(
    shape: Shape, names: Collection[str], *, limit: int | None = None, counted: bool = False
) -> str:
    """One statement that makes the call and answers (rows, JSON text, all rows or null).

    `limit` cuts a set in silence, as PostgREST does; a void function's answer means nothing.
    """
    if shape.void:
        return source_sql(shape, names)
    cut = f" limit {limit:d}" if limit is not None and shape.returns_set else ""
    total = "(select count(*) from _s)" if counted else "null"
    answer = f"select count(*), {body_sql(shape)}, {total} from (select * from _s{cut}) _r"  # noqa: S608
    return f"with _s as ({source_sql(shape, names)}) {answer}"
