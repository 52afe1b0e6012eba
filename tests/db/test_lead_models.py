"""The learned model over a real database: it takes over when it is better, ranks, and steps back."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from functions.campaigns.leads.rescoring import rescore
from functions.learning.lead_model import renew
from shared.config import Settings
from shared.loop import Loop
from shared.providers.registry import Providers
from tests.support.ledger import INSTALLATION, TODAY, Ledger

PAST = """
with firm as (
    insert into companies (key, name, industry, created_at)
    select 'past' || g || '.example', 'P' || g, case when g %% 3 = 0 then 'plumbing' else 'roofing' end, now()
    from generate_series(1, %(leads)s) g returning id, key, industry
), numbered as (
    select *, row_number() over (order by id) as g from firm
), person as (
    insert into leads (company_id, title, email, source, signals, imported_at)
    select id, 'Owner', 'past' || g || '@' || key, 'csv',
           case when g %% 4 = 0 then '{hiring}'::text[] else '{}' end, now()
    from numbered returning id, company_id
), sent as (
    insert into deliveries (id, kind, channel, natural_key, due_at, latest_at, created_at)
    select md5(id::text)::uuid, 'touch', 'email', 'past:' || id, now(), now(), now() from person returning id
)
insert into touches (id, lead_id, company_id, step, attempt, purpose, channel, score, day, script_key)
select md5(p.id::text)::uuid, p.id, p.company_id, 1, 1, 'prospect', 'email', 0,
       %(today)s::date - 20 - ((%(leads)s - n.g) / 50)::int, 'scripts/email_first'
from person p join numbered n on n.id = p.company_id join sent s on s.id = md5(p.id::text)::uuid
"""
OUTCOMES = """
insert into first_contacts (unit, channel, touch_id, day, script_key, at_first, reached)
select 'company:' || o.company_id, 'any', o.id, o.day, o.script_key, '{sent}',
       case when (hashtext(o.company_id::text) & 1023) < case when c.industry = %(keen)s then 400 else 80 end
            then '{sent,positive}'::text[] else '{sent}' end
from touches o join companies c on c.id = o.company_id where o.day < %(today)s::date - 14
on conflict on constraint first_contacts_pkey do nothing
"""


def past(ledger: Ledger, *, leads: int, keen: str) -> None:
    """So many companies were contacted, 50 a day; those of the `keen` trade answer five times as often."""
    with psycopg.connect(ledger.dsn, autocommit=True) as connection:
        arguments: dict[str, Any] = {"leads": leads, "keen": keen, "today": TODAY}
        connection.execute(PAST, arguments)
        connection.execute(OUTCOMES, arguments)


@pytest.fixture
def loop(ledger: Ledger) -> Loop:
    settings = Settings.from_env(
        {"GROWTHLOOP_INSTALLATION_ID": str(INSTALLATION), "GROWTHLOOP_RELEASE": "test"}
    )
    return Loop(settings, ledger.state, Providers(settings))


def changes(ledger: Ledger) -> list[str]:
    return [each.change for each in ledger.state.experiments.log() if each.subject == "lead_model"]


def test_a_model_that_ranks_later_leads_better__takes_over_and_steps_back_when_told(
    loop: Loop, ledger: Ledger
) -> None:
    past(ledger, leads=1000, keen="plumbing")
    plumber, roofer = (ledger.lead(industry=trade, score=0) for trade in ("plumbing", "roofing"))
    ledger.plan(plumber)
    found = renew(loop, TODAY)
    assert found["lead_model"] == "take_over"
    assert found["gain"]["low"] > 0
    assert changes(ledger) == ["took over from the points"]
    assert renew(loop, TODAY) == {"lead_model": "not due"}

    assert rescore(loop) == 1002
    assert rescore(loop) == 0
    scores = dict(ledger.rows("select id, score from leads where id = any(%s)", [plumber, roofer]))
    assert scores[plumber] > 60 > scores[roofer]
    assert ledger.value("select priority from leads where id = %s", plumber) == "High"
    reasons = ledger.value("select array_to_string(score_reasons, '; ') from leads where id = %s", plumber)
    assert "industry plumbing (odds x" in reasons
    # What was planned before has moved up with the lead.
    assert ledger.value("select min(score) from touches where lead_id = %s", plumber) >= 60

    assert ledger.state.lead_models.step_back(approver="owner")
    assert not ledger.state.lead_models.step_back(approver="owner")
    assert rescore(loop) == 1002
    assert ledger.value("select score from leads where id = %s", plumber) == 0
    assert changes(ledger)[-1] == "stepped back to the points"


def test_a_model_that_is_not_better__is_kept_and_stays_off(loop: Loop, ledger: Ledger) -> None:
    past(ledger, leads=900, keen="nobody")
    assert renew(loop, TODAY)["lead_model"] == "nothing"
    (kept,) = ledger.state.lead_models.newest()
    assert (kept.state, kept.leads) == ("off", 900)
    assert changes(ledger) == []
    assert rescore(loop) == 0


def test_too_few_outcomes__are_named_and_nothing_is_learned(loop: Loop, ledger: Ledger) -> None:
    past(ledger, leads=60, keen="plumbing")
    found = renew(loop, TODAY)
    assert found["lead_model"] == "not enough"
    assert "needed" in found["why"]
    assert ledger.state.lead_models.newest() == []


def test_the_erased__teach_nothing(ledger: Ledger) -> None:
    past(ledger, leads=10, keen="plumbing")
    ledger.state.privacy.forget(ledger.value("select min(id) from leads"))
    assert len(ledger.state.lead_models.history(("positive",), TODAY, 100)) == 9
    assert ledger.value("select count(*) from first_contacts where traits is null") == 1


def test_what_became_known_after_the_first_contact__is_not_learned_from(ledger: Ledger) -> None:
    past(ledger, leads=8, keen="plumbing")
    before = ledger.state.lead_models.history(("positive",), TODAY, 100)
    ledger.run("update leads set signals = '{site_activity}', title = 'Customer'")
    assert ledger.state.lead_models.history(("positive",), TODAY, 100) == before


def test_a_model__cannot_be_changed_nor_removed(ledger: Ledger) -> None:
    ledger.state.lead_models.keep(
        version="v", model={"a": 1}, leads=10, outcomes=1, judgement={}, action="nothing"
    )
    for statement in ("update lead_models set model = '{}'", "delete from lead_models"):
        with pytest.raises(psycopg.Error, match="immutable"):
            ledger.run(statement)
