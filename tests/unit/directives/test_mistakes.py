"""Every mistake in a directive is named: file, field, value and what was probably meant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from shared.directives import LEVERS, Book, Version, content_hash, kind_of
from shared.errors import DirectiveError

Load = Callable[[dict[str, str]], Book]


PROMPT = "---\nmodel: claude-haiku-5-5\nmax_tokens: 500\ndaily_usd: 0.10\n---\nSay what you see.\n"


def test_book__valid(texts: dict[str, str], load: Load) -> None:
    book = load({**texts, "prompts/analyst": PROMPT})
    assert book.outreach.call.worst_usd == 2.0
    assert book.rules.pace.frequency.per_7d == 3
    assert book.playbook("playbooks/cold").steps[2].channel == "sms"
    assert book.script("scripts/email_hello").persona == "John"
    assert book.report("reports/evening").at.hour == 17
    assert book.prompt("prompts/analyst").body == "Say what you see."
    assert book.version("outreach").revision == 1


# file, what to replace, by what, and what the message must say
MISTAKES = [
    (
        "outreach",
        "concurrent: 10",
        "concurent: 10",
        "outreach.md: call.concurent: unknown field (did you mean concurrent?)",
    ),
    ("outreach", "concurrent: 10", "concurent: 10", "outreach.md: call.concurrent: is missing"),
    ("outreach", "concurrent: 10", "concurrent: ten", "outreach.md: call.concurrent: 'ten'"),
    ("outreach", "concurrent: 10", "concurrent: true", "outreach.md: call.concurrent: True"),
    ("outreach", "concurrent: 10", "concurrent: -1", "outreach.md: call.concurrent: -1"),
    ("outreach", "concurrent: 10", "concurrent: 2.5", "outreach.md: call.concurrent: 2.5"),
    ("outreach", "concurrent: 10", "concurrent: 10, per_hour: 90", "call.per_hour: unknown field"),
    ("outreach", "steps:", "person: {per_day: 9}\nsteps:", "outreach.md: person: unknown field"),
    ("outreach", "start_hours: [10, 14]", "start_hours: [14, 10]", "start_hours must rise"),
    ("outreach", "start_hours: [10, 14]", "start_hours: [10, 10]", "start_hours must rise"),
    ("outreach", "start_hours: [10, 14]", "start_hours: [10, 24]", "outreach.md: meetings.start_hours"),
    ("outreach", "start_hours: [10, 14]", "start_hours: []", "outreach.md: meetings.start_hours"),
    ("outreach", "days_ahead: 7", "days_ahead: 0", "outreach.md: meetings.days_ahead: 0"),
    ("outreach", "usd_each: 0.001", "usd_each: .inf", "outreach.md: email.usd_each:"),
    ("outreach", "medium: 25", "medium: 60", "medium 60 must be below high 50"),
    ("outreach", "share: 0.1", "share: 10", "outreach.md: holdout.share: 10"),
    ("outreach", "hiring: 25", "hirings: 25", "scoring.points.hirings: unknown field (did you mean hiring?)"),
    (
        "outreach",
        "default_playbook: playbooks/cold",
        "default_playbook: playbooks/cald",
        "did you mean playbooks/cold?",
    ),
    ("rules/pace", "total: 6", "totals: 6", "rules/pace.md: frequency.totals: unknown field"),
    ("rules/pace", "total: 6", "totals: 6", "rules/pace.md: frequency.total: is missing"),
    (
        "rules/pace",
        "per_7d: 3, total: 6",
        "per_7d: 2, total: 2",
        "3 steps, but a person gets at most 2 touches",
    ),
    ("rules/contact", "---", "", "rules/contact.md: line 1: the file must start with a line ---"),
    ("playbooks/cold", "step: 2", "step: 1", "step 1 comes after step 1: numbers must rise"),
    (
        "playbooks/cold",
        "day: 0, script: scripts/call",
        "day: 3, script: scripts/call",
        "step 2 is due on day 0",
    ),
    ("playbooks/cold", "channel: sms", "channel: text", "'text' is not one of call, email, sms"),
    (
        "playbooks/cold",
        "scripts/sms_hello",
        "scripts/sms_helo",
        "does not exist (did you mean scripts/sms_hello?)",
    ),
    ("playbooks/cold", "scripts/sms_hello", "scripts/email_hello", "is for email, but step 3 is by sms"),
    ("playbooks/cold", "title: Cold", "titel: Cold", "titel: unknown field (did you mean title?)"),
    (
        "scripts/call_hello",
        "{{ company }}.",
        "{{ compny }}.",
        "unknown merge field compny (did you mean company?)",
    ),
    ("scripts/call_hello", '"{{ company }}"', "{{ compny }}", "scripts/call_hello.md: body:"),
    ("scripts/call_hello", "voice_id: Savannah", "voice: Savannah", "voice.voice: unknown field"),
    ("scripts/call_hello", "provider: vapi", "provider: 11lab", "did you mean 11labs?"),
    ("scripts/call_hello", "channel: call", "channel: cal", "scripts/call_hello.md: channel: 'cal'"),
    ("scripts/call_hello", "channel: call\n", "", "scripts/call_hello.md: channel: is missing"),
    (
        "scripts/call_hello",
        "a bad time?",
        "results guaranteed!",
        "opener: says 'guarantee', which compliance forbids",
    ),
    ("scripts/call_hello", "a bad time?", "I’m\n  human.", 'opener: says "i\'m human"'),
    ("scripts/call_hello", "a bad time?", "guar{% if city %}{% endif %}antee", "says 'guarantee'"),
    (
        "scripts/email_hello",
        "subject: A question",
        "subject: 'Fwd: a question'\nx: A question",
        "pretends to be an answer",
    ),
    ("scripts/email_hello", "{{ city }}", "{{ city | upper }}", "not filter in line"),
    ("scripts/email_hello", "{{ city }}", "{{ 7*7 }}", "not mul in line"),
    ("scripts/email_hello", "{{ city }}", "{{ city.__class__ }}", "not getattr in line"),
    ("scripts/email_hello", "{{ city }}", "{% for a in city %}{% endfor %}", "not for in line"),
    ("scripts/email_hello", "{{ city }}", "{{ city", "is not a readable template"),
    (
        "scripts/email_hello",
        "persona: John",
        "persona: John\nbody: x",
        "body: is the text below the front matter",
    ),
    ("scripts/sms_hello", "this is {{ business_name }}", "this is us", "does not say who writes"),
    ("scripts/sms_hello", "A word", "A word 🙂", "'🙂', which a plain text message cannot carry"),
    ("scripts/sms_hello", "A word", "word " * 40, "is longer than one text message of 160"),
    ("scripts/sms_hello", "A word", "word " * 22, "scripts/sms_hello.md: body: a text message is too long"),
    ("compliance", "lever: false", "lever: true", "compliance.md: lever: True"),
    ("compliance", "may be recorded", "is fine", "compliance.md: call_opening:"),
    ("compliance", "may be recorded", "is fine", "must hold recorded"),
    ("compliance", "an AI of", "SAID of", "must hold AI"),
    ("compliance", "dial {{ opt_out_number }}", "hang up", "must hold opt_out_number"),
    ("compliance", "{{ postal_address }}", "by air", "must hold postal_address"),
    ("compliance", "{{ postal_address }}", "{{ postal_adress }}", "did you mean postal_address?"),
    ("compliance", "Reply STOP to opt out", "Reply OUT to opt out", "must hold STOP"),
    ("reports/evening", "at: 17:00", "at: 25:00", "reports/evening.md: at: '25:00' is not a time of day"),
    ("reports/evening", "at: 17:00", "at: 17", "reports/evening.md: at: 17 is not a time of day"),
    ("reports/evening", "at: 17:00", "at: 17:00\nweekday: sunday", "weekday is given for a weekly report"),
    ("reports/evening", "answer_rate: 0.20", "answer_rate: 20", "lines.answer_rate: 20"),
    (
        "reports/evening",
        "charts: true",
        "chart: true",
        "sections.chart: unknown field (did you mean charts?)",
    ),
    ("reports/evening", "charts: true", "charts: yes", "sections.charts: 'yes'"),
]


@pytest.mark.parametrize(("key", "old", "new", "message"), MISTAKES)
def test_book__mistake(texts: dict[str, str], load: Load, key: str, old: str, new: str, message: str) -> None:
    assert old in texts[key]
    texts[key] = texts[key].replace(old, new, 1)
    with pytest.raises(DirectiveError) as caught:
        load(texts)
    assert message in str(caught.value)
    named = "playbooks/cold" if "touches" in message else key
    assert all(line.startswith(f"{named}.md: ") for line in str(caught.value).splitlines())


def test_book__all_mistakes_at_once(texts: dict[str, str], load: Load) -> None:
    texts["outreach"] = texts["outreach"].replace("concurrent: 10", "concurent: x")
    texts["scripts/call_hello"] = "no front matter"
    texts["scripts/sms_hello"] = texts["scripts/sms_hello"].replace("company", "compny")
    texts["playbooks/cold"] = texts["playbooks/cold"].replace("email_hello", "email_helo")
    texts["rules/pace"] = texts["rules/pace"].replace("per_7d: 3", "per_7d: x")
    with pytest.raises(DirectiveError) as caught:
        load(texts)
    lines = str(caught.value).splitlines()
    files = {line.split(":")[0] for line in lines}
    assert files == {
        "outreach.md",
        "scripts/call_hello.md",
        "scripts/sms_hello.md",
        "playbooks/cold.md",
        "rules/pace.md",
    }
    # A script that is there but broken is one mistake, not a second one in each playbook that names it.
    assert sum("does not exist" in line for line in lines) == 1


def test_book__two_steps_by_one_channel_on_one_day(texts: dict[str, str], load: Load) -> None:
    texts["playbooks/cold"] = texts["playbooks/cold"].replace(
        "sms, day: 2, script: scripts/sms_hello", "email, day: 0, script: scripts/email_hello"
    )
    with pytest.raises(DirectiveError, match="has two email steps on day 0"):
        load(texts)


def test_book__rules_file_of_an_unknown_name(texts: dict[str, str], load: Load) -> None:
    with pytest.raises(
        DirectiveError, match=r"rules/paces\.md: is no rules file \(did you mean pace\.md\?\)"
    ):
        load({**texts, "rules/paces": "anything"})


def version_of(key: str, text: str, *, author: str = "owner", hashed: str | None = None) -> Version:
    return Version(key, kind_of(key), content_hash(hashed or text), text, revision=2, author=author)


@pytest.mark.parametrize("key", ["compliance", "rules/pace", "rules/states"])
def test_book__law_and_compliance_come_from_the_owner(texts: dict[str, str], key: str) -> None:
    heads = [
        version_of(each, text, author="loop" if each == key else "owner") for each, text in texts.items()
    ]
    with pytest.raises(DirectiveError) as caught:
        Book.from_versions(heads)
    assert str(caught.value).startswith(f"{key}.md: is written by 'loop'")
    assert len(str(caught.value).splitlines()) == 1


def test_book__scripts_and_playbooks_may_be_learned(texts: dict[str, str]) -> None:
    levers = {key for key in texts if kind_of(key) in LEVERS}
    heads = [
        version_of(key, text, author="loop" if key in levers else "owner") for key, text in texts.items()
    ]
    assert Book.from_versions(heads).version("playbooks/cold").author == "loop"


@pytest.mark.parametrize("key", ["outreach", "compliance", "rules/contact", "scripts/sms_hello"])
def test_book__text_that_is_not_the_hashed_one(texts: dict[str, str], key: str) -> None:
    heads = [
        version_of(each, text, hashed=text + "\nmore" if each == key else text)
        for each, text in texts.items()
    ]
    with pytest.raises(DirectiveError) as caught:
        Book.from_versions(heads)
    assert str(caught.value) == f"{key}.md: the stored text is not the one its content hash was made of"


NEEDED = [
    "outreach",
    "compliance",
    "playbooks/cold",
    "scripts/call_hello",
    "rules/calling_hours",
    "rules/contact",
    "rules/pace",
    "rules/states",
]


@pytest.mark.parametrize("missing", NEEDED)
def test_book__needed_file_missing(texts: dict[str, str], load: Load, missing: str) -> None:
    del texts[missing]
    with pytest.raises(DirectiveError, match=r"is missing|does not exist"):
        load(texts)


def test_book__empty_script(texts: dict[str, str], load: Load) -> None:
    texts["scripts/sms_hello"] = "---\nchannel: sms\npersona: Sarah\n---\n\n"
    with pytest.raises(DirectiveError, match="there is no text below the front matter"):
        load(texts)


def test_book__key_given_twice(texts: dict[str, str]) -> None:
    version = version_of("outreach", texts["outreach"])
    with pytest.raises(DirectiveError, match=r"outreach\.md: is given twice"):
        Book.from_versions([version, version])


def test_book__stored_under_another_kind(texts: dict[str, str]) -> None:
    version = replace(version_of("outreach", texts["outreach"]), kind="script")
    with pytest.raises(DirectiveError, match="is stored as script but is a outreach"):
        Book.from_versions([version])


def test_book__unknown_key_asked_for(texts: dict[str, str], load: Load) -> None:
    book = load(texts)
    with pytest.raises(
        DirectiveError, match=r"scripts/sms_helo: no such directive \(did you mean scripts/sms_hello"
    ):
        book.script("scripts/sms_helo")


@pytest.mark.parametrize(
    ("depth", "message"), [(2, "a condition inside a condition"), (400, "nested|inside")]
)
def test_book__nested_conditions(texts: dict[str, str], load: Load, depth: int, message: str) -> None:
    texts["scripts/call_hello"] += "{% if city %}" * depth + "x" + "{% endif %}" * depth
    with pytest.raises(DirectiveError, match=message):
        load(texts)
