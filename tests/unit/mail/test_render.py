"""The mail itself: complete in both forms, nothing from outside becomes markup, nothing is loaded."""

from __future__ import annotations

import base64
import re
import struct
from dataclasses import fields, replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.mail.charts import funnel_svg, png, week_svg
from shared.mail.evening import (
    ApprovalWaiting,
    Baseline,
    ChannelDay,
    Count,
    EveningReport,
    ExperimentLine,
    FailedStage,
    FinalFigure,
    HotLead,
    Incident,
    Missing,
    NotContacted,
    OpenZone,
    Spend,
    UnsettledTouch,
    WeekDay,
)
from shared.mail.render import RenderedMail, render_evening, standalone
from shared.mail.verdict import verdict
from tests.support.sample_report import DAY, at, first_day, nothing_sent, sample_report
from tests.unit.mail.test_verdict import reports

HOSTILE = (
    '<script>alert(1)</script>"><img src=https://evil.example/p onerror=x>\r\nBcc: all\u202e'
    "{{ 7*7 }}{% raw %}<!--[if mso]>]]></div>javascript:alert(1) data:text/html,x &lt;b&gt;"
)
GMAIL_CLIPS_AT = 102_000
TAGS_WITH_ADDRESS = {"src", "href", "action", "background", "poster", "srcset", "data"}


class Outline(HTMLParser):
    """What a mail program would see: tags, attributes and the text between them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def values(self, *names: str) -> list[str]:
        return [value for _, name, value in self.attributes if name in names]


def with_words(words: str) -> EveningReport:
    """The sample with every word that may come from outside replaced; lists keep their lengths."""
    full = sample_report()
    return replace(
        full,
        business=words,
        day_off="",
        hot_leads=tuple(
            replace(h, name=words, company=words, said=words, next_step=words, phone=words, email=words)
            for h in full.hot_leads
        ),
        not_contacted=(NotContacted(words, 41),),
        zones_open=(OpenZone(words, at(20), 3),),
        unsettled=(replace(full.unsettled[0], touch_id=words, owner=words),),
        spend=(Spend(words, 1.0),),
        not_built=(words,),
        failed_stages=(FailedStage(words, at(9), words),),
        incidents=(Incident(words, at(10)),),
        missing=(Missing(words, words),),
        yesterday=(FinalFigure(words, 3),),
        tests=(ExperimentLine(words, words),),
        approvals=(ApprovalWaiting(words, words, words, at(20)),),
        notes=(words,),
        channels=(replace(full.channels[0], outcomes=((words, 3),)), *full.channels[1:]),
        dashboard_url=words,
    )


def assert_loads_nothing(mail: RenderedMail) -> None:
    outline = Outline(mail.html)
    images = {f"cid:{image['content_id']}" for image in mail.attachments}
    assert set(outline.values("src")) == images
    assert not set(outline.tags) & {"script", "iframe", "link", "object", "form", "base", "svg", "video"}
    assert not [name for _, name, _ in outline.attributes if name.startswith("on")]
    assert not re.search(r"url\(|@import|expression\(", mail.html)
    for link in outline.values(*TAGS_WITH_ADDRESS - {"src"}):
        assert link.startswith(("tel:+", "mailto:", "https://growth.example.com/"))


def test_render__loads_nothing_and_carries_its_images() -> None:
    mail = render_evening(sample_report())
    assert_loads_nothing(mail)
    assert [image["content_id"] for image in mail.attachments] == [
        "funnel-call",
        "funnel-email",
        "funnel-sms",
        "week-contacted",
        "week-conversations",
        "week-positive",
        "week-booked",
    ]
    for image in mail.attachments:
        assert base64.b64decode(image["content"], validate=True).startswith(b"\x89PNG")
        assert (image["content_type"], image["filename"]) == ("image/png", f"{image['content_id']}.png")


def test_render__hostile_words_stay_words() -> None:
    mail = render_evening(with_words(HOSTILE))
    harmless = render_evening(with_words("plain"))
    assert_loads_nothing(mail)
    assert sorted(set(Outline(mail.html).tags)) == sorted(set(Outline(harmless.html).tags))
    assert len(Outline(mail.html).tags) == len(Outline(harmless.html).tags)
    assert "{{ 7*7 }}" in Outline(mail.html).text
    assert "\u202e" not in mail.html + mail.text + mail.subject
    assert "\n" not in mail.subject
    assert not re.search(r"^Bcc:", mail.text, re.MULTILINE)


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=120))
def test_render__any_words_leave_the_markup_alone(words: str) -> None:
    assert_loads_nothing(render_evening(with_words(words)))


@settings(deadline=None, max_examples=60)
@given(reports)
def test_render__any_report_becomes_a_mail(report: EveningReport) -> None:
    mail = render_evening(report)
    assert mail.subject
    assert mail.html.endswith("</html>")
    assert "None" not in Outline(mail.html).tags


def figures(report: EveningReport) -> set[str]:
    """Every figure of a report as a reader would look for it."""
    found = {f"{count.today:,}" for day in report.channels for count in day.counts.values()}
    found |= {f"{count}" for day in report.channels for _, count in day.outcomes}
    found |= {f"{reason.count}" for reason in report.not_contacted}
    found |= {f"{figure.value}" for figure in report.yesterday}
    found |= {f"${item.usd:,.2f}" for item in report.spend if item.usd is not None}
    found |= {f"{zone.due} due" for zone in report.zones_open if zone.due}
    found |= {f"{report.contacted.today}", "$2,000", "$6,000", "35\u00a0%", "74–106", "9.1", "$7.05"}
    return found | {f"{getattr(day, f.name)}" for day in report.week for f in fields(WeekDay)[1:]}


def words_of(report: EveningReport) -> set[str]:
    found = {part for lead in report.hot_leads for part in (lead.name, lead.company, f"lead {lead.lead_id}")}
    found |= {zone.zone for zone in report.zones_open} | {touch.touch_id for touch in report.unsettled}
    found |= {"(602) 555-0142", "not known yet", "so far", "Mountain", "until 9:00 PM", "2:40 PM"}
    return found | set(report.not_built) | {test.name for test in report.tests}


@pytest.mark.parametrize("form", ["html", "text"])
def test_render__both_forms_are_complete(form: str) -> None:
    report = sample_report()
    mail = render_evening(report)
    outline = Outline(mail.html)
    alts = " ".join(outline.values("alt"))
    told = " ".join((mail.text if form == "text" else f"{outline.text} {alts}").split())
    wanted = {" ".join(w.split()) for w in figures(report) | words_of(report) | {verdict(report)}}
    missing = [w for w in wanted if not re.search(rf"(?<!\w){re.escape(w)}", told)]
    assert missing == []


def test_render__twin_has_the_sections_of_the_page() -> None:
    mail = render_evening(sample_report())
    headings = re.findall(r"<h2[^>]*>(.*?)</h2>", mail.html)
    assert len(headings) == 14
    assert headings[:2] == ["Waiting for you", "Waiting for your yes"]
    for heading in headings:
        assert heading.upper() in mail.text.upper()


def test_render__sections_without_data_vanish() -> None:
    mail = render_evening(first_day())
    for absent in ("Waiting for", "Tests", "Not settled", "What broke", "Yesterday", "Still open", "Cost"):
        assert absent not in Outline(mail.html).text
        assert absent.upper() not in mail.text
    assert "“Usual” figures appear after 10 working days." in mail.text


def test_render__a_failure_is_never_silence() -> None:
    gap = Missing("who was not contacted", "The database did not answer.")
    for report in (nothing_sent(), replace(first_day(), missing=(gap,)), replace(first_day(), channels=())):
        mail = render_evening(report)
        assert 'class="box small fault"' in mail.html
        assert "\n!! " in mail.text


def test_render__unknown_money_is_not_zero() -> None:
    mail = render_evening(replace(sample_report(), spend=(Spend("Number look-ups", None),)))
    assert "not known yet" in mail.text
    assert re.search(r"Together, as far as known +\$0\.00", mail.text)


def test_render__state_and_interim_are_marked() -> None:
    mail = render_evening(replace(first_day(), live=False, interim=True))
    assert mail.subject.startswith("[interim] Tue Nov 17: ")
    assert "Not live" in mail.html
    assert "(interim: the day is not over)" in mail.text


def test_render__promises_only_a_brake_that_is_there() -> None:
    assert "Reply PAUSE to stop it all." in Outline(render_evening(sample_report()).html).text
    unread = render_evening(first_day())
    assert "PAUSE" not in unread.html + unread.text
    assert "Run `growthloop pause` to stop it all." in unread.text


def test_render__times_are_the_owners() -> None:
    report = replace(sample_report(), zone="America/Denver")
    assert "Dana Whitfield, Whitfield Heating & Air (by phone, 12:40 PM, lead" in render_evening(report).text


def test_render__is_deterministic_and_small_enough_not_to_be_clipped() -> None:
    mail = render_evening(sample_report())
    assert mail == render_evening(sample_report())
    assert len(mail.html.encode()) < GMAIL_CLIPS_AT
    assert max(len(line) for line in mail.text.splitlines()) <= 78


def test_subject__says_who_waits_and_what_is_wrong() -> None:
    assert (
        render_evening(sample_report()).subject
        == "Tue Nov 17: 2 people wait for you, 2 meetings booked, 97 contacted"
    )
    assert render_evening(nothing_sent()).subject == "Tue Nov 17: nothing was sent"
    assert (
        render_evening(replace(first_day(), channels=())).subject
        == "Tue Nov 17: the day could not be counted"
    )


def test_standalone__carries_its_images_inside() -> None:
    mail = render_evening(sample_report())
    page = standalone(mail)
    assert "cid:" not in page
    assert page.count('src="data:image/png;base64,') == len(mail.attachments)


def test_charts__png_is_twice_the_size_and_has_no_text() -> None:
    svg = funnel_svg([34, 31, 0], [33.0, None, 0.0], width=200, row=30)
    assert struct.unpack(">II", png(svg)[16:24]) == (400, 180)
    assert "<text" not in svg
    assert svg.count("<rect") == 5
    assert png(svg) == png(svg)


@pytest.mark.parametrize("values", [(), (0, 0), (3,), (-4, 5)])
def test_charts__odd_weeks_are_drawn(values: tuple[int, ...]) -> None:
    assert png(week_svg(values, Baseline(2, 0, 9))).startswith(b"\x89PNG")


def test_charts__today_stands_out() -> None:
    assert week_svg((1, 2, 3), None).count("#2f86b8") == 1


def test_models__empty_channel_reads_as_zero_today() -> None:
    assert ChannelDay("sms", {"sent": Count(4)}).today("replied") == 0
    assert EveningReport(DAY, "x", "America/New_York", at(17)).channel("sms") == ChannelDay("sms")


def test_hot_lead__bad_phone_and_address_become_no_link() -> None:
    lead = HotLead(1, "A", "B", "call", "hi", at(9), "", "javascript:x", "a@b.example?bcc=c@d.example")
    mail = render_evening(replace(first_day(), hot_leads=(lead,)))
    assert not Outline(mail.html).values("href")


def test_unsettled__age_in_words() -> None:
    touch = sample_report().unsettled[0]
    assert isinstance(touch, UnsettledTouch)
    assert "parked by you, 3 h" in render_evening(sample_report()).text
