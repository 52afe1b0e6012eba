"""The pages a demo leaves behind: each email as the owner would see it, and a summary that links them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from shared.mail.render import RenderedMail, standalone
from shared.report import StageReport

HERE = Path(__file__).parent


@dataclass(frozen=True)
class OwnerMail:
    """One mail that reached the owner: images are inside `html`, so that a file can be opened anywhere."""

    subject: str
    html: str
    text: str

    @property
    def evening(self) -> bool:
        """Whether it is the day's report, and not a mail about one lead or incident."""
        return "<title>Evening report</title>" in self.html

    @classmethod
    def of(cls, body: dict[str, Any]) -> Self:
        """From the request that Resend received."""
        mail = RenderedMail(body["subject"], body["html"], body["text"], body.get("attachments", []))
        return cls(mail.subject, standalone(mail), mail.text)


def write_pages(
    folder: Path, figures: dict[str, Any], mails: Sequence[OwnerMail], reports: Sequence[StageReport]
) -> list[Path]:
    """Write everything over what an earlier demo left there; first the summary, then the days' reports."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = [_write_mail(folder, name, mail) for name, mail in _named(mails)]
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    mornings = [each for each in reports if each.stage == "daily_executor"]
    html = environment.get_template("summary.html.j2").render(
        figures=figures,
        mails=[(page.name, mail.subject) for page, mail in zip(pages, mails, strict=True)],
        mornings=[(each.slot, each.status, each.notes) for each in mornings],
        failed=[each for each in reports if each.failed],
    )
    summary = folder / "index.html"
    summary.write_text(html, encoding="utf-8")
    return [summary, *sorted(pages, key=lambda page: not page.name.startswith("evening-"))]


def _named(mails: Sequence[OwnerMail]) -> Iterator[tuple[str, OwnerMail]]:
    """Reports and other mails are counted apart, so that the page of a day is found by its number."""
    counts = {"evening": 0, "mail": 0}
    for mail in mails:
        kind = "evening" if mail.evening else "mail"
        counts[kind] += 1
        yield f"{kind}-{counts[kind]}", mail


def _write_mail(folder: Path, name: str, mail: OwnerMail) -> Path:
    page = folder / f"{name}.html"
    page.write_text(mail.html, encoding="utf-8")
    page.with_suffix(".txt").write_text(mail.text, encoding="utf-8")
    return page
