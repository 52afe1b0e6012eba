"""`growthloop demo` as a person on a fresh machine runs it, and what others rely on in its answer."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from shared.gate import REASONS
from simulator.cli import demo
from simulator.guard import NetworkForbidden, loopback_only

KEYS = {"days", "leads", "planned", "sent", "refused", "outcomes", "violations", "reports"}
JUDGED = {"sent_twice", "outside_window", "after_opt_out", "without_consent"}
ALL_DAYS_OF_FIVE_BUSINESS_DAYS = 7  # from a Thursday over a weekend

DAY = re.compile(r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? (?:Oct|October) \d+")

# Settings that would stop or divert anything that looked at them.
NONSENSE = {
    "GROWTHLOOP_TIMEZONE": "Mars/Olympus",
    "GROWTHLOOP_NO_SUCH_SETTING": "1",
    "GROWTHLOOP_DATABASE_URL": "postgresql://nobody@db.example.com:5432/nothing",
    "GROWTHLOOP_OWNER_EMAIL": "somebody-else@example.com",
    "SUPABASE_URL": "https://project.example.com",
    "SUPABASE_SECRET_KEY": "nonsense",
    "RESEND_API_KEY": "nonsense",
    "VAPI_BASE_URL": "https://vapi.example.com",
    "TWILIO_ACCOUNT_SID": "nonsense",
    "HTTP_PROXY": "http://proxy.example.com:3128",
    "HTTPS_PROXY": "http://proxy.example.com:3128",
    "ALL_PROXY": "http://proxy.example.com:3128",
    "TZ": "Pacific/Kiritimati",
}


def _run(out: Path, *, days: int, seed: int = 1) -> Result:
    arguments = ["--days", str(days), "--seed", str(seed), "--json", "--out", str(out)]
    return CliRunner().invoke(demo, arguments, catch_exceptions=False)


def _html(page: Path) -> str:
    text = page.read_text(encoding="utf-8")
    assert text.lstrip().lower().startswith("<!doctype html"), page.name
    return text


@pytest.mark.long
def test_five_days__keep_every_promise(tmp_path: Path, subtests: pytest.Subtests) -> None:
    """One run and many looks at it: it is the longest of the suite, and workers do not share fixtures."""
    result = _run(tmp_path / "demo", days=5)
    figures = json.loads(result.stdout)
    with subtests.test("exit code and one object on one line"):
        assert result.exit_code == 0
        assert result.stdout.count("\n") == 1
        assert set(figures) == KEYS
    with subtests.test("nothing was done that must not be"):
        assert figures["violations"] == dict.fromkeys(JUDGED, 0)
    with subtests.test("every channel reaches people, and they answer"):
        _reaches_people(figures)
    with subtests.test("refusals carry known codes, the ordinary ones among them"):
        assert set(figures["refused"]) <= set(REASONS)
        assert {"CONSENT_MISSING", "COUNTRY", "HOLDOUT", "LINE_TYPE", "SUPPRESSED"} <= set(figures["refused"])
        assert all(count > 0 for count in figures["refused"].values())
    with subtests.test("one mail a day for the owner, and a summary that opens them"):
        _pages(tmp_path / "demo", figures["reports"])


def _reaches_people(figures: dict[str, Any]) -> None:
    outcomes = figures["outcomes"]
    assert figures["days"] == 5
    assert figures["planned"] >= sum(figures["sent"].values()) > 0
    assert set(figures["sent"]) == {"call", "email", "sms"}
    assert min(figures["sent"].values()) > 0
    assert sum(outcomes.values()) <= sum(figures["sent"].values())
    # An answered call, an email that came in, an answer in words, and one by text.
    assert {"voicemail", "not_interested", "delivered", "replied"} <= set(outcomes)


def _pages(folder: Path, reports: list[str]) -> None:
    evenings = [f"evening-{day}.html" for day in range(1, ALL_DAYS_OF_FIVE_BUSINESS_DAYS + 1)]
    assert reports[: 1 + len(evenings)] == ["index.html", *evenings]
    others = reports[1 + len(evenings) :]
    assert others == [f"mail-{n}.html" for n in range(1, len(others) + 1)], "hot leads, as they came"
    for name in others:
        _html(folder / name)
    assert not any(Path(name).is_absolute() for name in reports)
    index = _html(folder / "index.html")
    days = set()
    for name in evenings:
        assert f'"{name}"' in index
        _html(folder / name)
        text = (folder / name).with_suffix(".txt").read_text(encoding="utf-8")
        days.add(DAY.findall(text)[0])
    assert len(days) == len(evenings), "two mails about the same day"
    assert not sorted(folder.glob("evening-*.html"))[len(evenings) :]


@pytest.mark.long
def test_seed__decides_alone_and_to_the_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = _run(tmp_path / "plain", days=1)
    other = _run(tmp_path / "other", days=1, seed=2)
    for name, value in NONSENSE.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("GROWTHLOOP_NO_SUCH_SETTING=1\nRESEND_API_KEY=nonsense\n")
    again = _run(tmp_path / "again", days=1)

    assert plain.exit_code == other.exit_code == again.exit_code == 0
    assert plain.stdout == again.stdout, "the environment or chance changed the run"
    for page in ("index.html", "evening-1.html", "evening-1.txt"):
        assert (tmp_path / "plain" / page).read_bytes() == (tmp_path / "again" / page).read_bytes()
    one, two = json.loads(plain.stdout), json.loads(other.stdout)
    assert sum(one["sent"].values()) > 0
    assert one["leads"] == two["leads"]
    assert one["outcomes"] != two["outcomes"]
    assert two["violations"] == dict.fromkeys(JUDGED, 0)


@pytest.mark.parametrize("days", ["0", "61", "many"])
def test_days__out_of_range_are_a_usage_mistake(days: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(demo, ["--days", days, "--out", str(tmp_path / "demo")])
    assert result.exit_code == 2
    assert not (tmp_path / "demo").exists()


@pytest.mark.parametrize(
    "host", ["example.com", "192.0.2.1", "2001:db8::1", b"198.51.100.7", "10.0.0.1", "127.0.0.1.example.com"]
)
def test_guard__refuses_every_host_but_loopback(host: Any) -> None:
    with loopback_only(), pytest.raises(NetworkForbidden):
        socket.create_connection((host, 80), timeout=1)
    with loopback_only(), socket.socket() as direct, pytest.raises(NetworkForbidden):
        direct.connect((host, 80))
    with loopback_only(), socket.socket() as direct, pytest.raises(NetworkForbidden):
        direct.connect_ex((host, 80))


def test_guard__lets_loopback_through_and_ends_with_its_block() -> None:
    before = (socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo)
    with socket.create_server(("127.0.0.1", 0)) as listener, loopback_only():
        socket.create_connection(("localhost", listener.getsockname()[1]), timeout=5).close()
    assert before == (socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo)
