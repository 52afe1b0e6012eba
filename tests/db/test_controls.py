"""The owner's switches and settings, and which version of a directive is in force."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import psycopg
import pytest

from shared.state import State
from shared.state.postgres import PostgresTransport
from tests.support.ledger import INSTALLATION, NOW, Ledger

KEY = "scripts/email_first"


def offered(text: str, key: str = KEY) -> dict[str, Any]:
    """A file of a deploy."""
    return {"key": key, "kind": "email_script", "hash": f"hash of {text}", "text": text}


def seed(ledger: Ledger, *texts: str, release: str = "r1") -> list[str]:
    """Deploy one file per text, all of the one key unless there are more."""
    files = [offered(text, KEY if n == 0 else f"{KEY}_{n}") for n, text in enumerate(texts)]
    return ledger.state.directives.seed(files, release=release)


def head(ledger: Ledger) -> tuple[str, int, str]:
    """Text, revision and author in force."""
    (found,) = ledger.state.directives.heads().heads
    return found["text"], found["revision"], found["author"]


def learn(ledger: Ledger, text: str) -> None:
    """What the learning loop does: a new version becomes the head."""
    ledger.run(
        "insert into directive_versions values (%s, %s, 'email_script', %s, 'loop', now())",
        KEY,
        f"hash of {text}",
        text,
    )
    ledger.run(
        "update directive_heads set content_hash = %s, revision = revision + 1, set_by = 'loop'",
        f"hash of {text}",
    )


def log(ledger: Ledger) -> list[tuple[Any, ...]]:
    """The owner's trail of revisions."""
    return ledger.rows(
        "select before ->> 'content_hash', after ->> 'content_hash', approver from evolution_log"
        " where subject like 'scripts/%' order by id"
    )


def test_seeding__new_is_a_revision_and_the_same_again_is_nothing(ledger: Ledger) -> None:
    assert ledger.state.directives.heads().release is None
    assert seed(ledger, "one") == [KEY]
    assert seed(ledger, "one", release="r2") == []
    assert head(ledger) == ("one", 1, "owner")
    assert ledger.state.directives.heads().release == "r2"
    assert log(ledger) == [(None, "hash of one", "owner")]


def test_seeding__a_learned_head_survives_a_deploy_of_unchanged_files(ledger: Ledger) -> None:
    seed(ledger, "one")
    learn(ledger, "learned")
    assert seed(ledger, "one", release="r2") == []
    assert head(ledger) == ("learned", 2, "loop")


def test_seeding__a_changed_file_wins_and_so_does_an_earlier_text(ledger: Ledger) -> None:
    seed(ledger, "one")
    learn(ledger, "learned")
    assert seed(ledger, "two", release="r2") == [KEY]
    assert head(ledger) == ("two", 3, "owner")
    assert seed(ledger, "one", release="r3") == [KEY]
    assert head(ledger) == ("one", 4, "owner")
    assert log(ledger) == [
        (None, "hash of one", "owner"),
        ("hash of learned", "hash of two", "owner"),
        ("hash of two", "hash of one", "owner"),
    ]
    assert ledger.value("select count(*) from directive_versions") == 3


def test_seeding__the_owner_may_take_up_what_the_loop_learned(ledger: Ledger) -> None:
    seed(ledger, "one")
    learn(ledger, "learned")
    assert seed(ledger, "learned", release="r2") == [KEY]
    assert head(ledger) == ("learned", 3, "owner")


def test_seeding__only_the_changed_of_several(ledger: Ledger) -> None:
    assert seed(ledger, "one", "two", "three") == [KEY, f"{KEY}_1", f"{KEY}_2"]
    assert seed(ledger, "one", "other", "three") == [f"{KEY}_1"]


def test_seeding_by_four_at_once__is_one_revision(ledger: Ledger) -> None:
    def work(_: int, state: State) -> list[str]:
        return state.directives.seed([offered("one"), offered("two", "b")], release="r1")

    assert sorted(key for keys in ledger.together(4, work) for key in keys) == ["b", KEY]
    assert {h["revision"] for h in ledger.state.directives.heads().heads} == {1}


@pytest.mark.parametrize(
    "statement",
    [
        "update directive_versions set body = 'x'",
        "delete from directive_versions",
        "truncate directive_versions cascade",
    ],
)
def test_versions__are_immutable(ledger: Ledger, statement: str) -> None:
    seed(ledger, "one")
    with pytest.raises(psycopg.Error, match="immutable") as refused:
        ledger.run(statement)
    assert refused.value.sqlstate == "GL001"


def test_live__off_by_default_and_each_lock_is_named(database: str, transport: PostgresTransport) -> None:
    ledger = Ledger(database, State(transport, INSTALLATION))
    live = ledger.state.live
    assert not live.status().on
    assert not live.status().may_send
    live.turn_on(app="growthloop", actor="owner")
    status = live.status()
    assert (status.may_send, status.app, status.installation_id) == (True, "growthloop", INSTALLATION)
    assert not State(transport, uuid4()).live.status().may_send
    ledger.run("update controls set database_id = 'elsewhere'")
    assert (live.status().database_matches, live.status().may_send) == (False, False)
    live.turn_on(app="growthloop", actor="owner")
    live.turn_off(app="growthloop", actor="owner")
    assert (live.status().on, live.status().may_send) == (False, False)
    changes = ledger.rows("select change, approver from evolution_log order by id")
    assert changes == [(f"turned {word}", "owner") for word in ("on", "on", "off")]


def test_live__turned_off_where_it_never_was_on__belongs_to_nobody(
    database: str, transport: PostgresTransport
) -> None:
    live = State(transport, INSTALLATION).live
    live.turn_off(app="growthloop", actor="owner")
    assert (live.status().on, live.status().installation_id, live.status().app) == (False, None, None)


def test_kill_switch__says_why(ledger: Ledger) -> None:
    live = ledger.state.live
    live.set_kill_switch(True, reason="too many complaints", actor="owner")
    assert (live.status().kill_switch, live.status().kill_switch_reason) == (True, "too many complaints")
    live.set_kill_switch(False, reason="checked", actor="owner")
    assert not live.status().kill_switch
    assert ledger.rows("select kill_switch_changed_at, kill_switch_changed_by from controls") == [
        (NOW, "owner")
    ]


@pytest.mark.parametrize("value", [["NY", "TX"], {"TX": "2027-01-01"}, 3, "text", False])
def test_setting__comes_back_as_it_was_put(ledger: Ledger, value: Any) -> None:
    for each in ("first", value):
        ledger.state.settings.put("key", each, actor="owner")
    assert ledger.state.settings.all()["key"] == value


def test_identity__differs_from_clone_to_clone(ledger: Ledger) -> None:
    name = ledger.value("select database_identity()")
    assert name == ledger.value("select database_identity()")
    assert name != ledger.value(
        "select system_identifier::text || '/' || (select oid from pg_database where datname = 'postgres')"
        " from pg_control_system()"
    )


def test_kill_switch__counts_what_it_came_too_late_for(ledger: Ledger) -> None:
    flying = ledger.submitted()
    ledger.accepted()  # a mail that was taken cannot be called back, and is no news
    ledger.accepted(channel="call")
    ledger.claimed()
    live = ledger.state.live
    live.set_kill_switch(True, reason="r", actor="owner")
    assert live.status().in_flight_at_switch == 2
    trail = (
        "select to_state from delivery_transitions where delivery_id = %s and code = 'in_flight_at_switch'"
    )
    assert ledger.value(trail, flying.id) == "submitted"
    live.set_kill_switch(False, reason="", actor="owner")
    assert live.status().in_flight_at_switch == 0
