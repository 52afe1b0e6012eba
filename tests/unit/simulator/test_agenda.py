"""What comes next, and what happens to a delivery that fails."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from simulator.agenda import Agenda, Delivery, Effect
from simulator.clock import VirtualClock
from simulator.credentials import Credentials
from simulator.record import Record
from simulator.webhooks import Signer, deliver_due, sign_svix, sign_twilio, sign_vapi
from simulator.world.dice import dice
from tests.unit.simulator.worlds import MONDAY

PAYLOADS = Path(__file__).parents[2] / "contract" / "payloads"
BASE = Delivery(
    at=MONDAY,
    person="p",
    channel="email",
    n=1,
    order=0,
    kind="sent",
    scheme="svix",
    url="https://app.example.com/hooks/resend",
    body=b"{}",
    content_type="application/json",
    event_id="msg_1",
)


class Outside:
    """Takes deliveries and answers as it is told."""

    def __init__(self, *answers: int) -> None:
        self.answers = list(answers)
        self.seen: list[tuple[str, Mapping[str, str], bytes]] = []

    def post(self, url: str, headers: Mapping[str, str], raw: bytes) -> int:
        self.seen.append((url, headers, raw))
        return self.answers.pop(0) if self.answers else 200


def _deliver(agenda: Agenda, clock: VirtualClock, outside: Outside, record: Record) -> int:
    return deliver_due(agenda, clock, outside.post, signer=Signer(Credentials()), record=record)


def _vector(provider: str, name: str) -> dict[str, object]:
    found: dict[str, object] = json.loads((PAYLOADS / provider / f"{name}.json").read_text())
    return found


def test_agenda__order_of_one_instant_does_not_depend_on_who_asked_first() -> None:
    deliveries = [
        replace(BASE, person=person, channel=channel, n=n, kind=kind)
        for person in "ab"
        for channel in ("call", "email")
        for n in (1, 2)
        for kind in ("delivered", "sent")
    ]
    orders = []
    for seed in range(3):
        agenda = Agenda()
        agenda.add(*dice(seed).sample(deliveries, len(deliveries)))
        orders.append(agenda.due(MONDAY))
    assert orders[0] == orders[1] == orders[2]
    assert len(orders[0]) == len(deliveries)


def test_agenda__gives_only_what_is_due() -> None:
    agenda = Agenda()
    agenda.add(replace(BASE, at=MONDAY + timedelta(seconds=2)), BASE)
    assert agenda.next_at() == MONDAY
    assert agenda.due(MONDAY + timedelta(seconds=1)) == [BASE]
    assert len(agenda) == 1
    assert agenda.due(MONDAY + timedelta(seconds=2))
    assert agenda.next_at() is None


def test_failed_delivery__comes_again_by_the_senders_rule() -> None:
    agenda, clock, outside, record = Agenda(), VirtualClock(MONDAY), Outside(503, 0, 200), Record()
    waits = (timedelta(seconds=5), timedelta(minutes=5), timedelta(hours=1))
    agenda.add(replace(BASE, retries=waits, effect=Effect(stop=True)))
    assert _deliver(agenda, clock, outside, record) == 1
    assert agenda.next_at() == MONDAY + timedelta(seconds=5)
    assert not record.stops
    while (at := agenda.next_at()) is not None:
        clock.advance_to(at)
        _deliver(agenda, clock, outside, record)
    told = MONDAY + timedelta(minutes=5, seconds=5)
    assert len(outside.seen) == 3
    assert {headers["svix-id"] for _, headers, _ in outside.seen} == {"msg_1"}
    assert record.stops["p"].told_at == told
    assert record.stops["p"].said_at == MONDAY


def test_failed_delivery__without_retries_is_lost_and_counted() -> None:
    agenda, record = Agenda(), Record()
    agenda.add(replace(BASE, effect=Effect(stop=True)))
    _deliver(agenda, VirtualClock(MONDAY), Outside(500), record)
    assert agenda.next_at() is None
    assert record.lost == {"svix.sent.500": 1}
    assert not record.stops


def test_delivery__is_signed_at_the_virtual_time_of_each_attempt() -> None:
    agenda, clock, outside, record = Agenda(), VirtualClock(MONDAY), Outside(503), Record()
    agenda.add(replace(BASE, retries=(timedelta(hours=2),)))
    _deliver(agenda, clock, outside, record)
    clock.advance_to(MONDAY + timedelta(hours=2))
    _deliver(agenda, clock, outside, record)
    stamps = [int(headers["svix-timestamp"]) for _, headers, _ in outside.seen]
    assert stamps == [int(MONDAY.timestamp()), int(MONDAY.timestamp()) + 7200]


def test_page_visit__needs_somebody_who_fetches_pages() -> None:
    visit = replace(BASE, method="GET", scheme="none", kind="scanned")
    agenda, record, visited = Agenda(), Record(), []

    def get(url: str, _headers: Mapping[str, str]) -> tuple[int, str]:
        visited.append(url)
        return 200, ""

    agenda.add(visit)
    assert _deliver(agenda, VirtualClock(MONDAY), Outside(), record) == 0
    agenda.add(visit)
    signer = Signer(Credentials())
    assert (
        deliver_due(agenda, VirtualClock(MONDAY), Outside().post, signer=signer, record=record, get=get) == 1
    )
    assert visited == [BASE.url]


def test_svix_signature__is_that_of_the_published_vector() -> None:
    vector = _vector("resend", "svix-signature-vector")
    headers = vector["headers"]
    assert isinstance(headers, dict)
    at = datetime.fromtimestamp(int(headers["svix-timestamp"]), UTC)
    raw = str(vector["raw_body"]).encode()
    assert sign_svix(str(vector["secret"]), headers["svix-id"], at, raw) == headers


def test_vapi_signature__is_that_of_the_vector() -> None:
    vector = _vector("vapi", "hmac-signature-vector")
    headers = vector["headers"]
    assert isinstance(headers, dict)
    at = datetime.fromtimestamp(int(headers["x-timestamp"]), UTC)
    assert sign_vapi(str(vector["secret"]), at, str(vector["raw_body"]).encode()) == headers


@pytest.mark.parametrize("name", ["inbound-sms", "inbound-stop", "status-callback-delivered"])
def test_twilio_signature__is_that_of_the_payloads(name: str) -> None:
    vector = _vector("twilio", name)
    headers = vector["headers"]
    assert isinstance(headers, dict)
    token = str(vector["auth_token_used_for_signature"])
    made = sign_twilio(token, "id", str(vector["url"]), str(vector["raw"]).encode())
    assert made["x-twilio-signature"] == headers["X-Twilio-Signature"]
