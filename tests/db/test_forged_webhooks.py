"""Webhooks by somebody without the key, through the real web app: refused, and nothing is written.

What each verifier refuses by itself is in `tests/contract/providers`; here stands what only the whole can get
wrong: what is read and written before a signature is believed, the raw bytes, the wrong door, old copies.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from httpx import ASGITransport, AsyncClient, Response
from pydantic import SecretStr

from functions.web.app import build
from functions.web.webhooks import MAX_BODY
from shared.loop import Loop
from shared.providers.registry import Providers
from shared.state import State
from shared.state.postgres import PostgresTransport
from simulator.webhooks import sign_svix, sign_twilio, sign_vapi
from tests.support.ledger import INSTALLATION, NOW, Ledger
from tests.support.storm import PUBLIC, SVIX, Post, resend, settings, twilio, vapi
from tests.support.transports import Watching

ANOTHER_KEY = "whsec_bmV3LWtleS1uZXcta2V5"
READS = {"loop_now_v1"}


class Door:
    """The web app with a transport that notes what it asks the database."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.watch = Watching(PostgresTransport(ledger.dsn))
        self.loop = Loop(settings(), State(self.watch, INSTALLATION), Providers(settings()))

    def rotate(self) -> None:
        """Another signing secret from now on."""
        self.loop.settings = self.loop.settings.model_copy(
            update={"resend_webhook_secret": SecretStr(ANOTHER_KEY)}
        )

    def bring(self, post: Post, *more: tuple[str, str]) -> Response:
        """Bring one request, with further headers of any name."""
        headers = [*post.headers.items(), *more]
        return asyncio.run(self._bring(post.path, headers, post.raw))

    async def _bring(self, path: str, headers: list[tuple[str, str]], raw: bytes) -> Response:
        async with AsyncClient(transport=ASGITransport(app=build(self.loop)), base_url=PUBLIC) as client:
            return await client.post(path, headers=headers, content=raw)

    def refuses(self, post: Post, *more: tuple[str, str]) -> bool:
        """Whether it is refused without a write, and without a word of it in the answer."""
        self.watch.calls.clear()
        answer = self.bring(post, *more)
        assert set(self.watch.calls) <= READS, "written before it was believed"
        assert "example.com" not in answer.text
        return answer.status_code in (401, 413)


@pytest.fixture
def door(ledger: Ledger) -> Iterator[Door]:
    opened = Door(ledger)
    yield opened
    opened.loop.close()


@pytest.fixture
def genuine(ledger: Ledger) -> dict[str, Post]:
    """A complaint, a STOP and an ended call, each signed for the right door."""
    mail, text, call = (ledger.accepted(channel=channel) for channel in ("email", "sms", "call"))
    number = text.lead.phones[0].number
    stop = {"MessageSid": "SM1", "SmsStatus": "received", "From": number, "Body": "STOP"}
    return {
        "resend": resend(mail, "email.complained", 0),
        "twilio": twilio("/hooks/twilio/inbound", **stop),
        "vapi": vapi(call, "end-of-call-report", endedReason="voicemail"),
    }


PROVIDERS = ("resend", "twilio", "vapi")
DOORS = ("/hooks/resend", "/hooks/vapi", "/hooks/twilio/inbound", "/hooks/twilio/status")


def test_genuine__are_taken(door: Door, genuine: dict[str, Post]) -> None:
    assert {name: door.bring(post).status_code for name, post in genuine.items()} == dict.fromkeys(
        PROVIDERS, 200
    )
    assert door.ledger.value("select count(*) from suppressions") > 0


@pytest.mark.parametrize("provider", PROVIDERS)
def test_another_providers_door__stays_shut(door: Door, genuine: dict[str, Post], provider: str) -> None:
    post = genuine[provider]
    for path in DOORS:
        assert path == post.path or door.refuses(replace(post, path=path))
    if provider == "twilio":  # whose signature covers the address
        assert door.refuses(replace(post, path=f"{post.path}?touch=1"))


@pytest.mark.parametrize("provider", PROVIDERS)
def test_without_signature_or_body__refused(door: Door, genuine: dict[str, Post], provider: str) -> None:
    post = genuine[provider]
    assert door.refuses(replace(post, headers={}))
    assert door.refuses(replace(post, raw=b""))
    assert door.refuses(replace(post, raw=post.raw + b" "))
    assert door.refuses(replace(post, raw=post.raw.replace(b"P-", b"p-").replace(b"SM1", b"SM2")))


@pytest.mark.parametrize("provider", ["resend", "vapi"])
def test_same_content_in_other_bytes__refused(door: Door, genuine: dict[str, Post], provider: str) -> None:
    post = genuine[provider]
    again = json.dumps(json.loads(post.raw), indent=1, sort_keys=True).encode()
    assert json.loads(again) == json.loads(post.raw)
    assert door.refuses(replace(post, raw=again))


@pytest.mark.parametrize("provider", ["resend", "vapi"])
def test_old_copy__counts_for_five_minutes(door: Door, genuine: dict[str, Post], provider: str) -> None:
    post = genuine[provider]
    door.ledger.at(NOW + timedelta(seconds=301))
    assert door.refuses(post)
    door.ledger.at(NOW - timedelta(seconds=301))
    assert door.refuses(post)
    for seconds in (299, -299):
        door.ledger.at(NOW + timedelta(seconds=seconds))
        assert door.bring(post).status_code == 200
    assert door.ledger.value("select count(*) from events") == 1


def test_secret_of_before_the_rotation__refused(door: Door, genuine: dict[str, Post]) -> None:
    door.rotate()
    assert door.refuses(genuine["resend"])
    post = genuine["resend"]
    fresh = replace(post, headers=sign_svix(ANOTHER_KEY, "msg_new", NOW, post.raw))
    assert door.bring(fresh).status_code == 200


def test_body_beyond_its_bound__refused_even_when_signed(door: Door) -> None:
    for size, status in ((MAX_BODY, 200), (MAX_BODY + 1, 413)):
        frame = len(json.dumps({"type": "x", "data": ""}))
        raw = json.dumps({"type": "x", "data": "y" * (size - frame)}).encode()
        assert len(raw) == size
        post = Post("hook", "/hooks/resend", sign_svix(SVIX, f"msg_{size}", NOW, raw), raw)
        assert door.bring(post).status_code == status
    assert door.ledger.value("select count(*) from events") == 1


@pytest.mark.parametrize("provider", PROVIDERS)
def test_second_signature_header__does_not_open(door: Door, genuine: dict[str, Post], provider: str) -> None:
    """Two wrong ones do not, nor do two right ones with other words."""
    post = genuine[provider]
    names = [name for name in post.headers if name.endswith(("signature", "timestamp"))]
    wrong = replace(post, headers={**post.headers, **dict.fromkeys(names, "1")})
    assert door.refuses(wrong, *((name, "2") for name in names))
    other = replace(post, raw=post.raw.replace(b"SM1", b"SM9") + b"  ")
    assert door.refuses(other, *((name, post.headers[name]) for name in names))


@pytest.mark.parametrize("provider", PROVIDERS)
def test_signed_with_nothing__is_not_signed(door: Door, genuine: dict[str, Post], provider: str) -> None:
    raw, path = genuine[provider].raw, genuine[provider].path
    for key in ("whsec_", "", "whsec_AAAA"):
        headers = {
            "resend": lambda key=key: sign_svix(key, "m", NOW, raw),
            "twilio": lambda key=key: sign_twilio(key, "m", PUBLIC + path, raw),
            "vapi": lambda key=key: sign_vapi(key, NOW, raw),
        }[provider]()
        assert door.refuses(replace(genuine[provider], headers=headers))


def test_fuzz__no_changed_request_is_believed(door: Door, genuine: dict[str, Post]) -> None:
    chance = random.Random(7)  # noqa: S311 - seeded
    posts = list(genuine.values())
    for _ in range(200):
        post = chance.choice(posts)
        raw = bytearray(post.raw)
        for _ in range(chance.randint(1, 4)):
            place = chance.randrange(len(raw))
            match chance.randrange(3):
                case 0:
                    raw[place] ^= 1 << chance.randrange(8)
                case 1:
                    del raw[place]
                case _:
                    raw.insert(place, chance.randrange(256))
        assert bytes(raw) == post.raw or door.refuses(replace(post, raw=bytes(raw)))
    assert door.ledger.value("select count(*) from events") == 0
