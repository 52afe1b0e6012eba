"""Leads in: lists, and the consents, scrubs and registrations that the gate asks for."""

from __future__ import annotations

from functions.campaigns.leads.importing import import_leads
from functions.campaigns.leads.proofs import import_consents, import_registrations, import_scrub
from functions.campaigns.leads.report import ImportReport, RefusedRow
from functions.campaigns.leads.scoring import ScoringRules, score, scoring_rules

__all__ = [
    "ImportReport",
    "RefusedRow",
    "ScoringRules",
    "import_consents",
    "import_leads",
    "import_registrations",
    "import_scrub",
    "score",
    "scoring_rules",
]
