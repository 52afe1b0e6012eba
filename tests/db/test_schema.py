"""The schema itself: who may do what, what the state library names, and the sentence of every constraint."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
import pytest

from shared.state.migrate import Migration, migrations
from tests.support.experiments import proposal
from tests.support.ledger import Ledger, event
from tests.support.releases import catalogue, recorded
from tests.support.verbs import database_calls, functions_named_outside

AS_THEIR_OWNER = {
    "oldest_transaction_v1": "only the owner sees others' sessions",
    "applied_migrations_v1": "the ledger of migrations is in a schema that no API role may enter",
}
"""The functions that run as their owner, and why."""

FOOTER = """do $$
declare t record;
begin
    for t in select tablename from pg_tables where schemaname = 'public' loop
        execute format('alter table public.%I enable row level security', t.tablename);
    end loop;
end
$$;
revoke all on all tables in schema public from public, anon, authenticated;
revoke all on all sequences in schema public from public, anon, authenticated;
revoke all on all functions in schema public from public, anon, authenticated;
grant all on all tables in schema public to service_role;
grant all on all sequences in schema public to service_role;
grant execute on all functions in schema public to service_role;
notify pgrst, 'reload schema';
"""
TABLE_PRIVILEGES = ("select", "insert", "update", "delete", "truncate", "references", "trigger", "maintain")
STRANGERS = ("anon", "authenticated", "public")


def test_row_level_security__on_every_table_and_no_policy(ledger: Ledger) -> None:
    relations = dict(
        ledger.rows(
            "select relname, relkind::text || relrowsecurity from pg_class"
            " where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'm', 'f')"
        )
    )
    assert len(relations) > 20
    assert set(relations.values()) == {"rtrue"}
    views = ledger.rows(
        "select relname, reloptions from pg_class"
        " where relnamespace = 'public'::regnamespace and relkind = 'v'"
    )
    assert all(options == ["security_invoker=true"] for _, options in views)
    assert ledger.rows("select policyname from pg_policies") == []


@pytest.mark.parametrize("role", STRANGERS)
def test_strangers__have_no_privilege_on_anything(ledger: Ledger, role: str) -> None:
    tables = """
        select relname, p from pg_class c, unnest(%s::text[]) p
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v')
            and has_table_privilege(%s, c.oid, p)"""
    assert ledger.rows(tables, list(TABLE_PRIVILEGES), role) == []
    columns = """
        select relname from pg_class c
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v')
            and has_any_column_privilege(%s, c.oid, 'select, insert, update, references')"""
    assert ledger.rows(columns, role) == []
    sequences = """
        select seqrelid::regclass from pg_sequence
        where has_sequence_privilege(%s, seqrelid, 'usage, select, update')"""
    assert ledger.rows(sequences, role) == []
    functions = """
        select proname from pg_proc p where p.pronamespace = 'public'::regnamespace
            and has_function_privilege(%s, p.oid, 'execute')"""
    assert ledger.rows(functions, role) == []


def test_service_role__may_run_everything(ledger: Ledger) -> None:
    denied = (
        "select proname::text from pg_proc p where p.pronamespace = 'public'::regnamespace"
        " and not has_function_privilege('service_role', p.oid, 'execute') union all"
        " select relname::text from pg_class c where c.relnamespace = 'public'::regnamespace"
        " and c.relkind in ('r', 'p') and not (has_table_privilege('service_role', c.oid, 'select')"
        " and has_table_privilege('service_role', c.oid, 'insert')"
        " and has_table_privilege('service_role', c.oid, 'update')"
        " and has_table_privilege('service_role', c.oid, 'delete'))"
    )
    assert ledger.rows(denied) == []


def test_control__a_function_that_is_added_without_the_footer_is_open(ledger: Ledger) -> None:
    ledger.run("create function public.later() returns int language sql as 'select 1'")
    query = (
        "select array_agg(r) from unnest(%s::text[]) r where has_function_privilege(r, 'later()', 'execute')"
    )
    assert set(ledger.value(query, ["anon", "authenticated"])) == {"anon", "authenticated"}
    ledger.run(FOOTER)
    assert ledger.value(query, ["anon", "authenticated"]) is None


def test_functions__run_as_their_caller_with_a_fixed_search_path(ledger: Ledger) -> None:
    query = "select proname from pg_proc where pronamespace = 'public'::regnamespace and "
    assert {name for (name,) in ledger.rows(query + "prosecdef")} == AS_THEIR_OWNER.keys()
    loose = ledger.rows(query + "not coalesce(array_to_string(proconfig, ',') like '%search_path=%', false)")
    assert loose == []


@pytest.mark.parametrize("migration", migrations(), ids=lambda m: m.name)
def test_migration__closes_with_the_footer(migration: Migration) -> None:
    text = migration.path.read_text(encoding="utf-8")
    assert text.endswith(FOOTER)
    assert text.count("notify pgrst") == 1


def test_functions__offered_are_those_named_here_or_by_a_release(database: str) -> None:
    named, offered = {call.function for call in database_calls()}, catalogue(database).keys()
    released = {name for release in recorded().values() for name in release["functions"]}
    assert named <= offered
    assert offered - named <= released
    assert len(named) > 40


def test_calls__fit_the_argument_names(database: str) -> None:
    offered = catalogue(database)
    for call in database_calls():
        arguments = offered[call.function]["arguments"]
        assert call.arguments <= {a["name"] for a in arguments}, call
        assert {a["name"] for a in arguments if not a["optional"]} <= call.arguments, call


def test_functions__are_named_by_the_state_library_alone() -> None:
    assert functions_named_outside() == set()


def test_a_function__has_no_overloads(ledger: Ledger) -> None:
    names = ledger.rows("select proname from pg_proc where pronamespace = 'public'::regnamespace")
    assert len(names) == len(set(names))


def violations() -> dict[str, str]:
    """The statement that breaks each rule, by the rule's name."""
    files = sorted(Path(__file__).parent.glob("violations*.sql"))
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    return dict(re.findall(r"^-- ([a-z0-9_]+)\n(.+?);$", text, re.MULTILINE | re.DOTALL))


def furnish(ledger: Ledger) -> None:
    """One row wherever a violation needs one."""
    lead = ledger.accepted().lead.lead_id
    ledger.hear(event("e"))
    ledger.state.visits.keep("v", "{}")
    ledger.run(
        """
        insert into consents (lead_id, channel, address, consent_type, given_on, wording, source, recorded_at)
        values (%s, 'call', '+12005550100', 'written', '2026-10-01', 'Yes.', 'form', now())""",
        lead,
    )
    ledger.run(
        "insert into meetings (lead_id, touch_id, booked_at, starts_at)"
        " select lead_id, id, now(), '2026-01-05' from touches"
    )
    ledger.run("update touches set step = 2")
    ledger.run(
        """
        with twin as (
            insert into deliveries (id, kind, channel, natural_key, due_at, latest_at, created_at, payload,
                                    state, provider, provider_id)
            select gen_random_uuid(), kind, channel, 'twin', due_at, latest_at, created_at, '{}',
                   state, provider, 'twin' from deliveries returning id)
        insert into touches (id, lead_id, enrolment_id, step, attempt, purpose, channel, score, day,
                             script_key)
        select twin.id, lead_id, enrolment_id, 1, 1, purpose, channel, score, day, script_key
        from twin, touches"""
    )
    files = [{"key": "k", "kind": "x", "hash": "h", "text": "x"}]
    ledger.state.directives.seed(files, release="r")
    ledger.state.stages.claim("s", ledger.now, lease_s=60, worker="w")
    first, _ = (ledger.state.experiments.propose(proposal("k", name)) for name in ("one", "two"))
    assert ledger.state.experiments.start(first, base_rate=0.2, n_max=2800, max_days=28, value=1)
    ledger.state.experiments.request_approval(
        subject="s", words="w", why="y", change={}, fingerprint="f", days=14
    )
    ledger.run(
        "insert into patterns (channel, metric, dimension, level, ratio, low, high, p_value, n, k, evidence,"
        " since, upto, found_on)"
        " values ('call', 'answered', 'region', 'AZ', 2, 1, 3, 0, 9, 9, 'e', now(), now(), now())"
    )
    ledger.run(
        "insert into alarms (day, kind, channel, metric, cause, words, figures, evidence, raised_at)"
        " values (now(), 'fewer', 'call', 'answered', 'rate', 'w', '{}', 'e', now())"
    )
    ledger.run(
        "insert into skills (kind, problem, metric, baseline_value, target_value, experiment_id, spawned_at)"
        " values ('instant-responder', 'p', 'm', 1, 2, %s, now())",
        first,
    )
    furnish_learning(ledger)
    trouble = {"kind": "k", "target": "t", "words": "w", "severity": "notice", "evidence": {}}
    ledger.state.incidents.sight([trouble | {"began_at": ledger.now.isoformat()}], ["k"])


def furnish_learning(ledger: Ledger) -> None:
    """A question to the model, an idea, and something learned."""
    ledger.run(
        "insert into hypotheses (fingerprint, week, proposed_at, proposed_by, claim, why, test_plan, lever,"
        " directive_key, base_hash, metric, evidence, proposal, probability, lift, lift_low, lift_high,"
        " due_on, approver, state) values ('f', now(), now(), 'claude', 'c', 'w', 't', 'l', 'k', 'h',"
        " 'replied', '[]', '{}', 0.5, 0.3, 0, 1, now(), 'loop', 'kept')"
    )
    lesson = {"key": "k", "kind": "learning", "title": "t", "told": "w", "source": "analyst"}
    ledger.state.memory.learn([lesson])
    ledger.run("insert into system_reviews values (now(), now(), 'claude', '[]', '[]')")
    ledger.state.model_calls.begin(
        natural_key="m",
        prompt="p",
        prompt_hash="h",
        model="m",
        today=ledger.now.date(),
        worst_usd=1,
        daily_usd=1,
        lease_s=60,
    )


def sentences(ledger: Ledger) -> set[str]:
    """Names of constraints and unique indexes that somebody wrote, not Postgres."""
    rows = ledger.rows("""
        select conname from pg_constraint
        where connamespace = 'public'::regnamespace and contype in ('c', 'u', 'x', 'f')
        union select c.relname from pg_index i join pg_class c on c.oid = i.indexrelid
        where c.relnamespace = 'public'::regnamespace and i.indisunique""")
    return {name for (name,) in rows if not re.search(r"_(pkey|fkey|key|check)[0-9]*$", name)}


def test_every_rule__refuses_what_breaks_it_under_its_own_name(ledger: Ledger) -> None:
    broken_by = violations()
    furnish(ledger)
    assert sentences(ledger) == broken_by.keys()
    broken: dict[str, str | None] = {}
    with psycopg.connect(ledger.dsn) as connection:
        for name, statement in broken_by.items():
            try:
                with connection.transaction(force_rollback=True):
                    connection.execute(statement)  # type: ignore[call-overload,unused-ignore]
                broken[name] = "nothing"
            except psycopg.errors.IntegrityError as error:
                broken[name] = error.diag.constraint_name
    assert broken == {name: name for name in broken_by}
