"""A change under test between plan, ledger and wire: each company gets its arm's version and counts there."""

from __future__ import annotations

from typing import Any

from functions.learning.levers import proposal
from shared.experiments import arm_of
from tests.support.world import Stand, morning, people, stand

MAILED = people(14)


def start(here: Stand, key: str, lever: str, old: str, new: str) -> dict[str, Any]:
    """Propose a change and begin its test, whatever the volume."""
    loop = here.days.loop
    row = proposal(
        loop.book,
        lever=lever,
        key=key,
        text=loop.book.version(key).text.replace(old, new),
        metric="replied",
        claim="c",
        expected_lift=0.3,
        proposed_by="owner",
    )
    verbs = loop.state.experiments
    assert verbs.start(verbs.propose(row), base_rate=0.1, n_max=2800, max_days=28, value=0)
    return row


def test_copy__each_company_gets_the_words_of_its_arm_and_is_counted_there(database: str) -> None:
    with morning(database, MAILED) as here:
        test = start(here, "scripts/email_first", "email_subject", "Who answers at", "Who picks up at")
        here.tick()
        sent = here.rows(
            "select u.unit, d.payload ->> 'subject' as subject, o.script_hash, u.arm"
            " from touches o join deliveries d on d.id = o.id"
            " join experiment_units u on u.unit = unit_of(o.company_id, o.lead_id)"
            " where d.submitted_at is not null"
        )
    assert len(sent) == len(MAILED)
    assert {row["arm"] for row in sent} == {"control", "treatment"}
    for row in sent:
        treated = row["arm"] == "treatment"
        assert row["arm"] == arm_of(test["salt"], row["unit"], 0.5)
        assert row["subject"].startswith("Who picks up at" if treated else "Who answers at")
        assert (row["script_hash"] == test["content_hash"]) == treated


def test_sequence__each_company_is_enrolled_in_its_arms_version(database: str) -> None:
    with stand(database, MAILED) as here:
        test = start(here, "playbooks/cold", "step_spacing", "day: 9", "day: 10")
        here.plan()
        enrolled = here.rows(
            "select e.playbook, e.playbook_hash, u.unit, u.arm from enrolments e"
            " join experiment_units u on u.unit = unit_of(e.company_id, e.lead_id)"
        )
        here.days.loop.state.experiments.decide(
            [{"id": 1, "action": "KILL", "reason": "futile", "figures": {}}]
        )
        assert (
            here.plan().status == "ok"
        )  # whoever is in an ended test's version goes on with the one in force
    assert len(enrolled) == len(MAILED)
    for row in enrolled:
        treated = row["arm"] == "treatment"
        assert row["arm"] == arm_of(test["salt"], row["unit"], 0.5)
        assert row["playbook"] == "playbooks/cold" + (f"@{test['content_hash']}" if treated else "")
        assert (row["playbook_hash"] == test["content_hash"]) == treated
