"""The weekly mail as a mail program shows it: phone and desk, light and dark."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from shared.mail.render import render_weekly, standalone
from tests.browser.test_evening_email import CONTRASTS, LEAST_CONTRAST, OVERFLOW
from tests.unit.mail.test_weekly import SAMPLE

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 800])
def test_weekly_email__reads_well(
    browser: Browser, tmp_path: Path, width: int, scheme: Literal["light", "dark"]
) -> None:
    file = tmp_path / "weekly.html"
    file.write_text(standalone(render_weekly(SAMPLE)), encoding="utf-8")
    page = browser.new_page(viewport={"width": width, "height": 667}, color_scheme=scheme)
    page.goto(file.as_uri())
    page.screenshot(full_page=True, path=tmp_path / f"weekly-{width}-{scheme}.png")
    assert page.evaluate(OVERFLOW) == 0
    weak = [(round(ratio, 2), text) for ratio, text in page.evaluate(CONTRASTS) if ratio < LEAST_CONTRAST]
    assert weak == []
    page.close()
