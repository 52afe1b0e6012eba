"""The evening email as a mail program shows it: phone and desk, light and dark.

The pictures are left in pytest's temporary folder, beside the page they show.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from shared.mail.evening import EveningReport
from shared.mail.render import render_evening, standalone
from tests.support.sample_report import first_day, nothing_sent, sample_report

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

REPORTS = {"sample": sample_report, "first": first_day, "nothing": nothing_sent}
LEAST_CONTRAST = 4.5

# Every piece of text against the nearest painted ground behind it (WCAG 2.2, 1.4.3).
CONTRASTS = """() => {
  const parse = c => (c.match(/[\\d.]+/g) || []).map(Number);
  const light = c => { const [r, g, b] = c.map(v => { v /= 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ground = e => { for (; e; e = e.parentElement) {
    const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length === 3 || c[3] === 1) return c.slice(0, 3); } return [255, 255, 255]; };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const node = walker.currentNode, e = node.parentElement, box = e.getBoundingClientRect();
    if (!node.textContent.trim() || box.width < 1 || getComputedStyle(e).display === 'none') continue;
    if (e.closest('div[style*="display:none"]')) continue;
    const [a, b] = [light(parse(getComputedStyle(e).color).slice(0, 3)), light(ground(e))];
    found.push([(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), node.textContent.trim().slice(0, 40)]);
  }
  return found;
}"""
IMAGES = "() => [...document.images].map(i => [i.complete && i.naturalWidth > 0, i.alt, i.naturalWidth])"
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
ROWS_BESIDE_BARS = """() => [...document.querySelectorAll('td.bars')].map(cell => {
  const rows = [...cell.closest('table').rows].slice(1).map(r => r.getBoundingClientRect());
  const image = cell.querySelector('img').getBoundingClientRect();
  return rows.map((row, i) => Math.abs(row.top - (image.top + i * image.height / rows.length)));
})"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 800])
@pytest.mark.parametrize("name", sorted(REPORTS))
def test_evening_email__reads_well(
    browser: Browser, tmp_path: Path, name: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    report: EveningReport = REPORTS[name]()
    mail = render_evening(report)
    file = tmp_path / "evening.html"
    file.write_text(standalone(mail), encoding="utf-8")
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    shot = page.screenshot(full_page=True, path=tmp_path / f"{name}-{width}-{scheme}.png")

    assert shot.startswith(b"\x89PNG")
    assert page.evaluate(OVERFLOW) == 0
    images = page.evaluate(IMAGES)
    assert len(images) == len(mail.attachments)
    assert all(loaded and alt and pixels >= 200 for loaded, alt, pixels in images)
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    weak = [(round(ratio, 2), text) for ratio, text in page.evaluate(CONTRASTS) if ratio < LEAST_CONTRAST]
    assert weak == []
    drift = [pixels for rows in page.evaluate(ROWS_BESIDE_BARS) for pixels in rows]
    assert max(drift, default=0) <= 3
    page.close()


def test_evening_email__verdict_and_the_first_waiting_person_need_no_scrolling(
    browser: Browser, tmp_path: Path
) -> None:
    file = tmp_path / "evening.html"
    file.write_text(standalone(render_evening(sample_report())), encoding="utf-8")
    page = browser.new_page(viewport={"width": 375, "height": 667}, color_scheme="light")
    page.goto(file.as_uri())
    places = page.evaluate(
        "() => ['h1', '.lead'].map(s => document.querySelector(s).getBoundingClientRect().top)"
    )
    assert places[0] < 150
    assert places[1] < 450
    page.close()
