"""The mail about a hot lead as a mail program shows it: phone and desk, light and dark."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from shared.mail.render import render_hot_lead, standalone
from tests.browser.test_evening_email import CONTRASTS, LEAST_CONTRAST, OVERFLOW
from tests.unit.mail.test_hot_lead import DESK, alert

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 800])
def test_hot_lead_email__reads_well_and_its_taps_need_no_scrolling(
    browser: Browser,
    tmp_path: Path,
    width: int,
    scheme: Literal["light", "dark"],
) -> None:
    file = tmp_path / "hot_lead.html"
    file.write_text(standalone(render_hot_lead(alert(channel="sms"), DESK)), encoding="utf-8")
    page = browser.new_page(viewport={"width": width, "height": 667}, color_scheme=scheme)
    page.goto(file.as_uri())
    page.screenshot(full_page=True, path=tmp_path / f"hot_lead-{width}-{scheme}.png")
    assert page.evaluate(OVERFLOW) == 0
    weak = [(round(ratio, 2), text) for ratio, text in page.evaluate(CONTRASTS) if ratio < LEAST_CONTRAST]
    assert weak == []
    bottoms = page.evaluate(
        "() => [...document.querySelectorAll('.tap')].map(a => a.getBoundingClientRect().bottom)"
    )
    assert len(bottoms) == 3
    assert max(bottoms) < 667
    page.close()
