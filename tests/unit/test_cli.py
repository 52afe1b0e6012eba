"""Every command as it is typed: what it prints, and the code it ends with."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from functions import cli, stages

LEADS = "First Name,Email,Company,State,Industry\nAda,ada@works.example,Works,NY,plumbing\n,,,,\n"
COMPLETE = {
    "GROWTHLOOP_INSTALLATION_ID": "6a1f1c52-7f0f-4b6e-9f5e-0d5a0f2f6c11",
    "GROWTHLOOP_SECRET_KEY": "k",
    "GROWTHLOOP_PUBLIC_URL": "https://loop.example.com",
    "GROWTHLOOP_BUSINESS_NAME": "Example Answering",
    "GROWTHLOOP_POSTAL_ADDRESS": "1 Example Street, Springfield, NY 10001",
    "GROWTHLOOP_OPT_OUT_NUMBER": "+18005550100",
    "GROWTHLOOP_OWNER_EMAIL": "owner@example.com",
    "GROWTHLOOP_REPORT_FROM": "reports@example.com",
}


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


Growthloop = Callable[..., Ended]


@pytest.fixture
def growthloop(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Growthloop:
    """The console script in this process: the same entry, arguments and exit code."""

    def run(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["growthloop", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        shown = capsys.readouterr()
        return Ended(int(ended.value.code or 0), shown.out, shown.err)

    return run


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, database: str) -> None:
    """The environment of an installation that lacks nothing."""
    for name, value in COMPLETE.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GROWTHLOOP_DATABASE_URL", database)


# Without a database.


def test_help__names_every_command_with_its_line(growthloop: Growthloop) -> None:
    ended = growthloop("--help")
    assert ended.code == 0
    for command in ("demo", "directives", "import", "live", "migrate", "pause", "report", "resume", "status"):
        assert f"\n  {command} " in ended.out


def test_a_wrong_command__is_a_usage_mistake(growthloop: Growthloop) -> None:
    ended = growthloop("frobnicate")
    assert ended.code == 2
    assert "No such command" in ended.err


@pytest.mark.parametrize(
    "arguments", [("run",), ("live", "maybe"), ("run", "outreach_tick", "--date", "soon")]
)
def test_a_wrong_use__is_a_usage_mistake(growthloop: Growthloop, arguments: tuple[str, ...]) -> None:
    assert growthloop(*arguments).code == 2


def test_directives__are_checked_and_listed_with_their_versions(growthloop: Growthloop) -> None:
    ended = growthloop("directives")
    assert ended.code == 0
    rows = [line.split("  ") for line in ended.out.splitlines()]
    assert {"outreach", "compliance", "rules/pace", "scripts/call_sarah"} <= {key for _, key in rows}
    assert {len(version) for version, _ in rows} == {12}


def test_directives_with_a_mistake__end_in_a_usage_mistake_that_names_it(
    growthloop: Growthloop, tmp_path: Path
) -> None:
    (tmp_path / "outreach.md").write_text("---\ncall: {concurent: 10}\n---\n# Tempo\n")
    ended = growthloop("directives", str(tmp_path))
    assert ended.code == 2
    assert "outreach.md" in ended.err


def test_wrong_settings__end_in_a_usage_mistake_that_names_them(
    growthloop: Growthloop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROWTHLOOP_TIMZONE", "Europe/Berlin")
    ended = growthloop("status")
    assert ended.code == 2
    assert "did you mean GROWTHLOOP_TIMEZONE?" in ended.err


def test_live_on_with_missing_settings__lists_them_all_before_anything_else(
    growthloop: Growthloop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROWTHLOOP_BUSINESS_NAME", "Example Answering")
    monkeypatch.setenv("GROWTHLOOP_DATABASE_URL", "postgresql://127.0.0.1:1/nothing-is-there")
    ended = growthloop("live", "on")
    assert ended.code == 2
    assert "GROWTHLOOP_POSTAL_ADDRESS" in ended.err
    assert "GROWTHLOOP_OPT_OUT_NUMBER" in ended.err
    assert "GROWTHLOOP_BUSINESS_NAME" not in ended.err


@pytest.mark.parametrize(
    ("url", "host"),
    [("https://abcdefgh.supabase.co", "db.abcdefgh.supabase.co"), ("http://127.0.0.1:54321", "HOST")],
)
def test_migrate_with_the_api_only__prints_the_line_to_run(
    growthloop: Growthloop, monkeypatch: pytest.MonkeyPatch, url: str, host: str
) -> None:
    monkeypatch.setenv("SUPABASE_URL", url)
    ended = growthloop("migrate")
    assert ended.code == 2
    assert f"supabase db push --db-url 'postgresql://postgres:PASSWORD@{host}:5432/postgres'" in ended.err


def test_no_database__is_a_failure_and_no_traceback(
    growthloop: Growthloop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROWTHLOOP_DATABASE_URL", "postgresql://postgres:secret@127.0.0.1:1/postgres")
    ended = growthloop("status")
    assert ended.code == 1
    assert ended.err.startswith("growthloop: ")
    assert "secret" not in ended.err


# With one.


@pytest.mark.usefixtures("installed")
class TestInstalled:
    """Commands over a database that is there."""

    def test_migrate__says_when_there_is_nothing_to_do(self, growthloop: Growthloop) -> None:
        assert growthloop("migrate") == Ended(0, "Nothing to apply.\n", "")

    def test_status__is_one_json_object_over_all_stages(self, growthloop: Growthloop) -> None:
        ended = growthloop("status", "--json")
        values = json.loads(ended.out)
        assert ended.code == 0
        assert (values["live"], values["leads"], values["unsettled"]) == (False, 0, 0)
        assert set(values["stages"]) == {stage.name for stage in stages.STAGES}
        assert {values["stages"][name] for name in stages.not_built()} == {"not built yet"}

    def test_status__in_words_says_first_whether_it_sends(self, growthloop: Growthloop) -> None:
        assert growthloop("status").out.startswith("Not live: nothing is sent.\n")

    def test_a_stage_not_built__is_a_failure_that_says_so(self, growthloop: Growthloop) -> None:
        ended = growthloop("run", stages.not_built()[0])
        assert ended.code == 1
        assert "is not built yet" in ended.err

    def test_an_unknown_stage__is_a_usage_mistake_with_the_near_miss(self, growthloop: Growthloop) -> None:
        ended = growthloop("run", "outreach_tik")
        assert ended.code == 2
        assert "Did you mean outreach_tick?" in ended.err

    def test_a_stage_before_go_live__is_a_preview(self, growthloop: Growthloop) -> None:
        ended = growthloop("run", "daily_executor", "--json")
        assert ended.code == 0
        assert json.loads(ended.out)["status"] == "preview"

    def test_a_stage_that_sends_before_go_live__refuses_to(self, growthloop: Growthloop) -> None:
        ended = growthloop("run", "outreach_tick", "--live", "--json")
        assert ended.code == 1
        assert json.loads(ended.out)["error"]["code"] == "not_live"

    def test_a_date_for_the_tick__is_a_usage_mistake(self, growthloop: Growthloop) -> None:
        assert growthloop("run", "outreach_tick", "--date", "2026-11-20").code == 2

    def test_live__is_turned_on_and_off_again(self, growthloop: Growthloop) -> None:
        assert growthloop("live", "status").out == "Not live: nothing is sent to anybody.\n"
        assert growthloop("live", "on").out == "Live: touches are sent.\n"
        assert json.loads(growthloop("live", "status", "--json").out)["may_send"] is True
        assert growthloop("live", "off").out == "Not live: nothing is sent to anybody.\n"

    def test_the_kill_switch__is_pulled_and_lifted(self, growthloop: Growthloop) -> None:
        assert growthloop("pause", "--reason", "wrong price").code == 0
        assert "The kill switch is on (wrong price)." in growthloop("live", "status").out
        assert growthloop("resume").code == 0
        assert "kill switch" not in growthloop("live", "status").out

    def test_report__shows_todays_mail_and_sends_nothing(self, growthloop: Growthloop) -> None:
        ended = growthloop("report")
        assert ended.code == 0
        assert "Sending is off" in ended.out

    def test_import__takes_leads_in_once_and_names_what_it_kept_aside(
        self, growthloop: Growthloop, tmp_path: Path
    ) -> None:
        (tmp_path / "list.csv").write_text(LEADS)
        first = growthloop("import", str(tmp_path / "list.csv"))
        again = json.loads(growthloop("import", str(tmp_path / "list.csv"), "--json").out)
        assert first.code == 0
        assert first.out.startswith("list.csv: 2 rows, 1 new, 0 known, 1 kept aside.\n  line 3: ")
        assert (again["new"], again["known"]) == (0, 1)
        assert json.loads(growthloop("status", "--json").out)["leads"] == 1

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"", "is empty"),
            (b"PK\x03\x04 and so on", "Excel workbook"),
            (b"colour,shape\nred,round\n", "list.csv"),
        ],
    )
    def test_a_file_that_holds_no_leads__is_a_usage_mistake(
        self, growthloop: Growthloop, tmp_path: Path, content: bytes, said: str
    ) -> None:
        (tmp_path / "list.csv").write_bytes(content)
        ended = growthloop("import", str(tmp_path / "list.csv"))
        assert ended.code == 2
        assert said in ended.err

    @pytest.mark.parametrize("kind", ["--consents", "--scrub", "--registrations"])
    def test_leads_given_as_something_else__are_refused(
        self, growthloop: Growthloop, tmp_path: Path, kind: str
    ) -> None:
        (tmp_path / "list.csv").write_text(LEADS)
        assert growthloop("import", kind, str(tmp_path / "list.csv")).code == 2

    def test_a_file_that_is_not_there__is_a_usage_mistake(self, growthloop: Growthloop) -> None:
        assert growthloop("import", "nowhere.csv").code == 2
