"""The demo's lead, consent and scrub files, and the generator that made them."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent
DEMO = FOLDER / "demo.csv"
CONSENTS = FOLDER / "demo_consents.csv"
SCRUB = FOLDER / "demo_scrub.csv"
