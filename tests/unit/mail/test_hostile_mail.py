"""Three hundred hostile texts in the owner's mail: to a mail program they are words and no more."""

from __future__ import annotations

from dataclasses import replace

from shared.mail.evening import EveningReport, Incident
from shared.mail.render import render_evening
from shared.mail.safe import plain
from tests.support.hostile import payloads
from tests.support.sample_report import at, sample_report
from tests.unit.mail.test_render import Outline, assert_loads_nothing

EACH = 25
LONGEST = 25  # what of a text is shown in every place


def with_texts(texts: list[str]) -> EveningReport:
    """A report in which each text stands as a name, a company, words said, an incident and a note."""
    full = sample_report()
    lead = full.hot_leads[0]
    return replace(
        full,
        hot_leads=tuple(replace(lead, name=t, company=t, said=t, next_step=t) for t in texts),
        incidents=tuple(Incident(t, at(10)) for t in texts),
        notes=tuple(texts),
    )


def test_hostile_texts__stay_text_and_are_all_there() -> None:
    usual = Outline(render_evening(with_texts(["plain"] * EACH)).html)
    texts = list(payloads(300))
    for start in range(0, len(texts), EACH):
        some = texts[start : start + EACH]
        mail = render_evening(with_texts(some))
        seen = Outline(mail.html)
        assert_loads_nothing(mail)
        assert set(seen.tags) <= set(usual.tags)
        assert len(seen.tags) <= len(usual.tags)
        shown = [" ".join(plain(text).split())[:LONGEST] for text in some]
        assert [text for text in shown if text not in seen.text] == []
