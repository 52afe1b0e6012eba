"""One seed gives one run, however requests interleave and whatever ids they carry."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from random import Random

import pytest

from simulator.leads import CONSENTS, DEMO
from simulator.world import Person, Rates, World
from simulator.world.dice import dice
from tests.contract.simulator.stand import KEYS, Stand, standing
from tests.unit.simulator.worlds import MONDAY

DAYS = 3
PEOPLE = 60
Run = tuple[object, ...]


def _requests(stand: Stand, person: Person, roll: Random) -> list[Callable[[], None]]:
    """One mail, one call and one text to a person, under ids of this run alone."""
    key = str(uuid.UUID(int=roll.getrandbits(128), version=4))
    made = []
    if person.emails:
        made.append(lambda: _mail(stand, person, key))
    if person.phones:
        made += [lambda: _ring(stand, person, key), lambda: _text(stand, person, key)]
    return made


def _mail(stand: Stand, person: Person, key: str) -> None:
    body = {"from": "a@example.com", "to": [person.emails[0]], "subject": "Hi", "text": "Hello"}
    headers = {"authorization": f"Bearer {KEYS.resend_key}", "idempotency-key": key}
    url = stand.server.urls.resend + "/emails"
    assert stand.http.post(url, json=body, headers=headers).status_code == 200


def _ring(stand: Stand, person: Person, key: str) -> None:
    customer = {"number": next(iter(person.phones)), "externalId": key, "name": person.first_name}
    body = {"assistantId": "a", "phoneNumberId": "b", "customer": customer}
    assert stand.vapi("POST", "/call", json=body).status_code == 201


def _text(stand: Stand, person: Person, key: str) -> None:
    auth = (KEYS.twilio_account_sid, KEYS.twilio_auth_token)
    url = f"{stand.server.urls.twilio}/2010-04-01/Accounts/{KEYS.twilio_account_sid}/Messages.json"
    form = {"To": next(iter(person.phones)), "Body": "Hi", "From": "+15555550100"}
    status = f"https://app.example.com/s?touch={key}"
    answer = stand.http.post(url, data={**form, "StatusCallback": status}, auth=auth)
    assert answer.status_code in {201, 400, 403}


def _run(world: World, order: int) -> Run:
    roll = dice("order", order)
    people = [person for person in world.people.values() if len(person.phones) == 1][:PEOPLE]
    # As many lines as people: which call finds none free depends on the order, as in the real world.
    with standing(world, lines=PEOPLE) as stand:
        for day in range(DAYS):
            stand.clock.advance_to(MONDAY + timedelta(days=day))
            stand.deliver()
            requests = [request for person in people for request in _requests(stand, person, roll)]
            roll.shuffle(requests)
            for request in requests:
                request()
        planned = [(d.at, d.person, d.channel, d.n, d.kind, d.event_id, d.effect) for d in stand.planned()]
        record = stand.server.record
        contacts = [(c.at, c.person, c.channel, c.n, c.outcome) for c in record.contacts]
        return (planned, contacts, record.outcomes(), record.sent(), record.stops)


def test_same_seed__same_outcomes_in_any_order_under_any_ids() -> None:
    world = World.from_files(DEMO, CONSENTS, Rates.load(), 11)
    assert _run(world, 1) == _run(world, 2)


@pytest.mark.long
def test_other_seed__other_outcomes() -> None:
    one, two = (World.from_files(DEMO, CONSENTS, Rates.load(), seed) for seed in (11, 12))
    assert _run(one, 1) != _run(two, 1)
