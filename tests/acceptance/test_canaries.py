"""No secret in anything written, and no person in a log: every way to fail, and HTTP debugging on."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable, Iterator
from urllib.parse import quote, quote_plus

import psycopg
import pytest
from pydantic import SecretStr

from shared.config import Settings
from tests.support.transports import Outage
from tests.support.world import Faults, Stand, consent, people, stand

TEXTED = people(3, phone="mobile phone", first=40)
PEOPLE = [*people(4), *people(3, phone="corporate phone", first=20), *TEXTED]
POINTS = ("vapi.create_call", "resend.send", "twilio.send")
LOUD = (
    *("httpx", "httpcore", "urllib3", "twilio", "resend"),
    *("psycopg", "hpack", "starlette", "uvicorn", "asyncio"),
)
OURS = ("growthloop", "functions", "shared")


class Everything(logging.Handler):
    """Every record as it would be written, with its arguments, extras and traceback."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[tuple[str, str]] = []
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        extras = {k: v for k, v in vars(record).items() if k not in _PLAIN}
        self.lines.append((record.name, f"{self.format(record)} {extras}"))


_PLAIN = frozenset(vars(logging.LogRecord("", 0, "", 0, "", None, None)))


@pytest.fixture
def logs() -> Iterator[Everything]:
    """All logging there is, turned up as far as it goes."""
    keeper, root = Everything(), logging.getLogger()
    loggers = [root, *(logging.getLogger(name) for name in (*LOUD, *OURS))]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    root.addHandler(keeper)
    yield keeper
    root.removeHandler(keeper)
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


def secrets_of(settings: Settings, dsn: str) -> dict[str, str]:
    """Every declared secret by name, and the database's password."""
    found = {
        name: value.get_secret_value()
        for name in Settings.model_fields
        if isinstance(value := getattr(settings, name), SecretStr)
    }
    return found | {"database password": dsn.partition("postgres:")[2].partition("@")[0]}


def forms(secret: str) -> set[str]:
    """How a secret could stand somewhere: plain, encoded, or its first eight characters."""
    raw = secret.encode()
    encoded = [base64.b64encode(b"x" * shift + raw).decode() for shift in range(3)]
    inner = [text[4 * (shift > 0) : -4] for shift, text in enumerate(encoded)]
    plain = {secret, quote(secret, safe=""), quote_plus(secret), secret.removeprefix("whsec_")[:8]}
    return plain | {each for each in inner if len(each) > 7}


def fail_in_every_way(here: Stand) -> None:
    """Ticks through refusals, limits, lost answers, wrong keys, missing settings and outages."""
    for verdict in ("401", "429", "500", "drop", "refuse", "422"):
        for point in POINTS:
            here.fault = Faults(point, verdict)
            here.tick()
    here.fault = lambda *_: None
    settings = here.days.loop.settings
    here.configure(postal_address=None, resend_base_url="http://127.0.0.1:1")
    here.tick()
    here.configure(postal_address=settings.postal_address, resend_base_url=settings.resend_base_url)
    inner = here.days.loop.state.transport
    for calls in (3, 9, 14):
        here.wrap(lambda _, calls=calls: Outage(inner, calls))  # type: ignore[misc]
        here.tick()
    here.wrap(lambda _: inner)


def dump(dsn: str) -> str:
    """Every row of every table, but what the owner's own files brought about people."""
    with psycopg.connect(dsn) as connection:
        tables = connection.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
        rows = [
            str(connection.execute(f"select to_jsonb(t)::text from {name} t".encode()).fetchall())  # noqa: S608
            for (name,) in tables
        ]
    return "\n".join(rows)


def hits(text: str, secrets: dict[str, str]) -> dict[str, str]:
    """Which secrets stand in a text, in which form."""
    return {name: form for name, secret in secrets.items() for form in forms(secret) if form in text}


def test_canaries__no_secret_anywhere_and_no_person_in_a_log(
    database: str, logs: Everything, capfd: pytest.CaptureFixture[str]
) -> None:
    consents = [consent(row, "sms") for row in TEXTED]
    with stand(database, PEOPLE, consents) as here:
        secrets = secrets_of(here.days.loop.settings, database)
        assert len(secrets) >= 6
        here.plan()
        fail_in_every_way(here)
        here.skip_to(16)
        here.fire("evening_report")
        here.fire("daily_metrics")
        reports = [json.dumps(report.to_json(), default=str) for report in here.days.reports]
        mails = [str(mail) for mail in here.inbox.mails]
    written = "\n".join(line for _, line in logs.lines)
    spoken = "".join(capfd.readouterr())
    for place in (written, spoken, dump(database), *reports, *mails):
        assert hits(place, secrets) == {}
    ours = [line for name, line in logs.lines if name.split(".")[0] in OURS]
    assert any("StateUnavailable" in line for line in ours), "the failures were really met"
    everybody = {value for row in PEOPLE for value in (row["email"], row["mobile phone"]) if value}
    for place in (*ours, spoken, *reports):
        assert not [each for each in everybody if each in place]


@pytest.mark.parametrize("as_written", [str, lambda s: base64.b64encode(f"AC1:{s}".encode()).decode(), quote])
def test_control__a_secret_in_each_form_is_found(as_written: Callable[[str], str]) -> None:
    secret = "key/with+signs and more"
    assert hits(f"Authorization: {as_written(secret)}", {"key": secret})
    assert hits(f"key {secret[:8]}…", {"key": secret})
    assert not hits("nothing to see", {"key": secret})
