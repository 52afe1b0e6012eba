"""The owner's emails as they are sent: HTML from MJML, a complete plain-text twin, charts as inline images.

MJML is compiled before any value is known, so its parser never meets a lead's name; values then go in through
Jinja with escaping on. Nothing is loaded from anywhere: images travel with the mail under a content id.
"""

from __future__ import annotations

import base64
import textwrap
import unicodedata
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypedDict

import mjml
from jinja2 import Environment, StrictUndefined, Template

from shared.mail.charts import funnel_svg, png, week_svg
from shared.mail.evening import EveningReport
from shared.mail.hot_lead import Desk, hot_lead_view
from shared.mail.incident import IncidentMail, incident_view
from shared.mail.view import Row, Tile, evening_view
from shared.mail.weekly import WeeklyReport, weekly_view
from shared.state.hot_leads import Alert

TEMPLATES = Path(__file__).parent / "templates"
TEXT_WIDTH = 76
ROW_HEIGHT = 30


class Attachment(TypedDict):
    """An inline image in the shape that the email provider takes; `content` is base64."""

    filename: str
    content: str
    content_type: str
    content_id: str


@dataclass(frozen=True)
class RenderedMail:
    """A mail ready to be frozen into a delivery. The same report gives the same bytes."""

    subject: str
    html: str
    text: str
    attachments: list[Attachment] = field(default_factory=list)


def render_evening(report: EveningReport) -> RenderedMail:
    """The owner's evening email. Raises `ZoneInfoNotFoundError` when the report's zone does not exist."""
    view = evening_view(report)
    images = [*_funnels(view["channels"]), *_weeks(view["tiles"])]
    view["images"] = {image["content_id"] for image in images}
    view["row_height"] = ROW_HEIGHT
    html = _html_template("evening").render(view)
    return RenderedMail(view["subject"], html, _wrapped(_text_template("evening").render(view)), images)


def render_hot_lead(alert: Alert, desk: Desk) -> RenderedMail:
    """The mail that tells the owner of one hot lead."""
    view = hot_lead_view(alert, desk)
    html = _html_template("hot_lead").render(view)
    return RenderedMail(view["subject"], html, _wrapped(_text_template("hot_lead").render(view)))


def render_incident(mail: IncidentMail) -> RenderedMail:
    """The mail that tells the owner of one incident."""
    view = incident_view(mail)
    html = _html_template("incident").render(view)
    return RenderedMail(view["subject"], html, _wrapped(_text_template("incident").render(view)))


def render_weekly(report: WeeklyReport) -> RenderedMail:
    """The owner's weekly email."""
    view = weekly_view(report)
    html = _html_template("weekly").render(view)
    return RenderedMail(view["subject"], html, _wrapped(_text_template("weekly").render(view)))


def standalone(mail: RenderedMail) -> str:
    """The HTML with its images inside, to open as a file. For looking at, not for sending: many mail
    programs drop `data:` images."""
    html = mail.html
    for image in mail.attachments:
        inline = f"data:{image['content_type']};base64,{image['content']}"
        html = html.replace(f'src="cid:{image["content_id"]}"', f'src="{inline}"')
    return html


def _funnels(channels: list[dict[str, Any]]) -> list[Attachment]:
    return [_image(f"funnel-{channel['slug']}", _funnel(channel["rows"])) for channel in channels]


def _funnel(rows: list[Row]) -> str:
    return funnel_svg([row.today for row in rows], [row.mean for row in rows], row=ROW_HEIGHT)


def _weeks(tiles: list[Tile]) -> list[Attachment]:
    return [
        _image(f"week-{tile.slug}", week_svg(tile.week, tile.count.baseline if tile.count else None))
        for tile in tiles
        if tile.week
    ]


def _image(name: str, svg: str) -> Attachment:
    content = base64.b64encode(png(svg)).decode("ascii")
    return Attachment(filename=f"{name}.png", content=content, content_type="image/png", content_id=name)


def _printable(value: object) -> object:
    """Last look at every printed value: no line breaks or control characters get through."""
    if type(value) is not str:
        return value
    return "".join(
        " " if unicodedata.category(mark) in {"Cc", "Cf", "Cs", "Zl", "Zp"} else mark for mark in value
    )


def _environment(*, escape: bool) -> Environment:
    return Environment(
        autoescape=escape,  # noqa: S701 - off for the plain-text twin only, which no program reads as HTML
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


@cache
def _html_template(name: str) -> Template:
    source = (TEMPLATES / f"{name}.mjml.j2").read_text(encoding="utf-8")
    whole = source.replace("{style}", (TEMPLATES / "style.mjml").read_text(encoding="utf-8"))
    return _environment(escape=True).from_string(mjml.mjml2html(whole, disable_comments=True, fonts={}))


@cache
def _text_template(name: str) -> Template:
    source = (TEMPLATES / f"{name}.txt.j2").read_text(encoding="utf-8")
    return _environment(escape=False).from_string(source)


def _wrapped(text: str) -> str:
    lines = (_fold(line.rstrip()) for line in text.splitlines())
    return "\n".join(lines).strip() + "\n"


def _fold(line: str) -> str:
    indent = " " * (len(line) - len(line.lstrip()))
    if len(line) <= TEXT_WIDTH:
        return line
    return textwrap.fill(
        line, TEXT_WIDTH, subsequent_indent=indent + "  ", break_long_words=False, break_on_hyphens=False
    )
