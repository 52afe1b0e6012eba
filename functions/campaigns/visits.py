"""Visits to the owner's site become signs of intent, before the day is planned.

A visitor whom we know gains the sign `site_activity`; somebody new is a lead at rest, who is in no sequence
until a list of the owner's names them. A visit says who somebody may be, and permits nothing.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from functions.campaigns.leads.columns import recognise
from functions.campaigns.leads.company import company_of
from functions.campaigns.leads.normalize import Lead, lead_of
from functions.campaigns.leads.rescoring import row
from functions.campaigns.leads.scoring import ScoringRules, score, scoring_rules
from functions.campaigns.leads.table import Row
from shared.errors import StateError
from shared.loop import Loop
from shared.providers.rb2b import webhook
from shared.providers.rb2b.webhook import Visit
from shared.state.visits import WaitingVisit

ALWAYS = {"country": "United States", "signals": "site activity"}  # RB2B knows visitors from there only


def take_visits(loop: Loop) -> list[str]:
    """Bring over what was spooled, then make sense of all that waits; what came of it, in words."""
    notes = bring_over(loop)
    rules, today = scoring_rules(loop.book.outreach), loop.clock.now().date()
    became = Counter(_taken(loop, waiting, rules, today) for waiting in loop.state.visits.waiting())
    said = [f"{n} {words}" for outcome, words in _WORDS.items() if (n := became[outcome])]
    return notes + ([f"Visits to your site: {', '.join(said)}."] if said else [])


_WORDS = {
    "sign": "of people we know",
    "at_rest": "of new ones, who are kept at rest",
    "nobody": "without an address",
    "closed": "of people who asked not to be contacted",
    "unreadable": "that could not be read",
}


def bring_over(loop: Loop) -> list[str]:
    """From the spool into the database. Trouble with the spool is told, and costs the plan nothing."""
    try:
        for key, record in loop.spool.records():
            loop.state.visits.keep(key, record["body"], received_at=record["received_at"])
            loop.spool.drop(key)
    except StateError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever Modal's Dict raises, the day is planned
        kind = type(error).__name__
        loop.log.error("the spool could not be emptied", extra={"code": kind})
        return [f"The spool of visits could not be emptied ({kind}); it is tried again tomorrow."]
    return []


def lead_row(visit: Visit, rules: ScoringRules, today: date) -> dict[str, Any]:
    """The visitor as a row of an import; without an address it can still name somebody we know."""
    cells = {"email": "", **visit.cells, **ALWAYS}
    header = Row(1, tuple(cells))
    found = lead_of(recognise(header, "leads", "rb2b"), Row(2, tuple(cells.values())), rules, today)
    if isinstance(found, Lead):
        return found.row
    company = company_of(visit.cells.get("company"), visit.cells.get("website"), None, None)
    names = {key: visit.cells.get(key.replace("_", " ")) for key in ("first_name", "last_name")}
    return {**names, "company_key": company.key, "email": None, "phones": []}


def _taken(loop: Loop, waiting: WaitingVisit, rules: ScoringRules, today: date) -> str:
    visit = webhook.parse(waiting.body.encode(), waiting.received_at)
    taken = loop.state.visits.take(
        waiting.id,
        lead=lead_row(visit, rules, today) if visit else None,
        seen_at=visit.seen_at if visit else None,
        page=visit.page if visit else None,
    )
    if taken.lead_id is not None and taken.signals is not None:
        loop.state.lead_models.score(None, [row(taken.lead_id, score(taken.signals, rules))])
    return taken.outcome or ""
