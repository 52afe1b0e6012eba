"""A storm of signed webhooks about many touches: copies, any order, many receivers, forgeries among them.

What each touch and person must be afterwards is said here a second time, by a few rules over sets of events,
without a database and without order.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal
from urllib.parse import urlencode
from uuid import UUID

from httpx import ASGITransport, AsyncClient

from functions.web.app import build
from shared.config import Settings
from shared.loop import Loop
from shared.providers.registry import Providers
from shared.state import State
from shared.state.postgres import PostgresTransport
from simulator.webhooks import sign_svix, sign_twilio, sign_vapi
from tests.support.ledger import INSTALLATION, NOW, Ledger, touch_row

PUBLIC = "https://loop.example.com"
SVIX, TOKEN, HMAC = "whsec_" + "c3Rvcm0tc3Rvcm0tc3Rvcm0=", "twilio-token", "vapi-secret"
STRANGER_KEY = "whsec_" + "c29tZWJvZHktZWxzZQ=="
Kind = Literal["receipt", "hook", "forged"]


@dataclass(frozen=True)
class Post:
    """One request to bring; `receipt` instead is our own record of a touch that its provider accepted."""

    kind: Kind
    path: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes = b""
    claim: Any = None


@dataclass
class Expected:
    """What must be true of one person in the end, whatever came when."""

    touch: UUID
    suppressed: bool = False
    email_dead: bool = False
    number_dead: bool = False
    milestones: set[str] = field(default_factory=set)
    stop_reason: str | None = None


def settings() -> Settings:
    """An installation that knows the three secrets."""
    return Settings.from_env(
        {
            "GROWTHLOOP_INSTALLATION_ID": str(INSTALLATION),
            "GROWTHLOOP_SECRET_KEY": "our-key",
            "GROWTHLOOP_PUBLIC_URL": PUBLIC,
            "RESEND_WEBHOOK_SECRET": SVIX,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "VAPI_WEBHOOK_SECRET": HMAC,
        }
    )


def receiver(dsn: str) -> Loop:
    """A loop of its own, as another container of the web endpoint has it."""
    ours = settings()
    return Loop(ours, State(PostgresTransport(dsn), ours.installation_id), Providers(ours))


# What the providers say. A maker gives the genuine posts about one touch and what they must come to.


def resend(claim: Any, kind: str, number: int, **data: Any) -> Post:
    """A signed event of Resend's about a touch."""
    body = {
        "type": kind,
        "created_at": (NOW + timedelta(minutes=number)).isoformat(),
        "data": {
            "email_id": f"P-{claim.id}",
            "to": [claim.lead.email],
            "tags": {"touch_id": str(claim.id)},
            **data,
        },
    }
    raw = json.dumps(body).encode()
    return Post("hook", "/hooks/resend", sign_svix(SVIX, f"msg_{kind}_{claim.id}", NOW, raw), raw)


def twilio(path: str, **form: str) -> Post:
    """A signed form of Twilio's."""
    raw = urlencode(form).encode()
    headers = sign_twilio(TOKEN, form["MessageSid"], PUBLIC + path, raw)
    return Post("hook", path, {"content-type": "application/x-www-form-urlencoded", **headers}, raw)


def vapi(claim: Any, kind: str, **message: Any) -> Post:
    """A signed message of Vapi's about a call."""
    call = {"id": f"P-{claim.id}", "customer": {"externalId": str(claim.id), "number": phone_of(claim)}}
    stamp = int(NOW.timestamp() * 1000)
    raw = json.dumps({"message": {"type": kind, "timestamp": stamp, "call": call, **message}}).encode()
    return Post("hook", "/hooks/vapi", sign_vapi(HMAC, NOW, raw), raw)


def phone_of(claim: Any) -> str:
    """The number of a claim's person."""
    return str(claim.lead.phones[0].number)


def about_email(claim: Any, chance: random.Random) -> tuple[list[Post], Expected]:
    """Sent, delivered, perhaps opened, and one of the ends a mail can have."""
    found = Expected(claim.id, milestones={"delivered"})
    posts = [resend(claim, "email.sent", 0), resend(claim, "email.delivered", 1)]
    if chance.random() < 0.5:
        posts.append(resend(claim, "email.opened", 2))
    end = chance.choice(["nothing", "nothing", "bounced", "complained", "unsubscribed"])
    if end == "bounced":
        posts.append(resend(claim, "email.bounced", 3, bounce={"type": "Permanent", "subType": "General"}))
        found.email_dead = True
        found.milestones.add("bounced")
    elif end == "complained":
        posts.append(resend(claim, "email.complained", 3))
        found.suppressed, found.stop_reason = True, "opted_out"
        found.milestones.add("complained")
    elif end == "unsubscribed":
        posts.append(resend(claim, "contact.updated", 3, email=claim.lead.email, unsubscribed=True))
        found.suppressed, found.stop_reason = True, "opted_out"
    return posts, found


def about_sms(claim: Any, chance: random.Random) -> tuple[list[Post], Expected]:
    """Sent, then delivered or a dead number, and perhaps an answer."""
    status, sid = f"/hooks/twilio/status?touch={claim.id}", f"P-{claim.id}"
    found = Expected(claim.id)
    posts = [twilio(status, MessageSid=sid, MessageStatus="sent", To=phone_of(claim))]
    dead = chance.random() < 0.2
    last = {"MessageStatus": "failed", "ErrorCode": "30005"} if dead else {"MessageStatus": "delivered"}
    posts.append(twilio(status, MessageSid=sid, To=phone_of(claim), **last))
    found.number_dead = dead
    if not dead:
        found.milestones.add("delivered")
    said = chance.choice(["", "STOP", "please take me off your list", "Sure, what times work?"])
    if said:
        answer = {
            "MessageSid": f"IN-{claim.id}",
            "SmsStatus": "received",
            "From": phone_of(claim),
            "Body": said,
        }
        posts.append(twilio("/hooks/twilio/inbound", **answer))
        stop = said != "Sure, what times work?"
        found.suppressed, found.stop_reason = stop, "opted_out" if stop else "replied"
        found.milestones |= {"replied", "opted_out"} if stop else {"replied", "positive"}
    return posts, found


def about_call(claim: Any, chance: random.Random) -> tuple[list[Post], Expected]:
    """In progress and its report: nobody there, a voicemail, or a wish not to be called."""
    end = chance.choice(["customer-did-not-answer", "voicemail", "dnc"])
    dnc = end == "dnc"
    report: dict[str, Any] = {"endedReason": "customer-ended-call" if dnc else end, "cost": 0.1}
    if dnc:
        report["analysis"] = {"structuredData": {"outcome": "dnc", "do_not_call": True}}
        report["artifact"] = {"messages": [{"role": "user", "message": "Stop calling me."}]}
    posts = [vapi(claim, "status-update", status="in-progress"), vapi(claim, "end-of-call-report", **report)]
    found = Expected(claim.id, suppressed=dnc, stop_reason="opted_out" if dnc else None)
    return posts, found


MAKERS = {"email": about_email, "sms": about_sms, "call": about_call}


@dataclass
class Storm:
    """All that will be brought, and what must come of it."""

    posts: list[Post]
    in_order: list[Post]
    expected: list[Expected]


def submitted(ledger: Ledger, touches: int) -> list[Any]:
    """So many people with one touch each in a provider's hands and a later step planned."""
    claims: list[Any] = []
    for channel in MAKERS:
        for lead in ledger.leads(touches // len(MAKERS)):
            enrolment = ledger.enrol(lead)
            rows = [
                touch_row(lead, enrolment, ledger.now, channel=channel),
                touch_row(lead, enrolment, ledger.now, step=2, due_at=ledger.now + timedelta(days=1)),
            ]
            ledger.state.outreach.plan(rows)
        held = ledger.claims(channel, touches)
        assert {ledger.begin(claim).status for claim in held} == {"submitted"}
        claims += held
    return claims


def gather(claims: Sequence[Any], events: int, seed: int, *, forged: float = 0.01) -> Storm:
    """Every genuine post once in order, and so many in all: copies, shuffled, forgeries among them."""
    chance = random.Random(seed)  # noqa: S311 - a seeded storm, no secret
    genuine: list[Post] = []
    receipts: list[Post] = []
    late: list[Post] = []
    expected: list[Expected] = []
    for claim in claims:
        posts, outcome = MAKERS[claim.channel](claim, chance)
        genuine += posts
        expected.append(outcome)
        (late if chance.random() < 0.05 else receipts).append(Post("receipt", claim=claim))
    copies = [chance.choice(genuine) for _ in range(events - len(genuine))]
    lies = [forge(chance.choice(genuine), chance) for _ in range(int(events * forged))]
    crowd = [*genuine, *copies, *lies, *late]
    chance.shuffle(crowd)
    return Storm([*receipts, *crowd], [*receipts, *late, *genuine], expected)


def forge(post: Post, chance: random.Random) -> Post:
    """The same request as somebody would send it who does not have the key, or has an old copy."""
    raw, headers = post.raw, dict(post.headers)
    signature = next(name for name in headers if name.endswith("signature"))
    way = chance.choice(["altered", "unsigned", "wrong", "empty"])
    if way == "altered":
        raw = raw.replace(b"P-", b"X-", 1) if b"P-" in raw else raw + b"&x=1"
    elif way == "unsigned":
        del headers[signature]
    elif way == "wrong":
        headers[signature] = "v1,AAAA" if "svix" in signature else "0" * 64
    else:
        raw = b""
    return Post("forged", post.path, headers, raw)


@dataclass
class Answers:
    """How the receivers answered: statuses by kind, and milliseconds of each webhook."""

    statuses: list[tuple[Kind, int]] = field(default_factory=list)
    took_ms: list[float] = field(default_factory=list)
    seconds: float = 0.0


def bring(dsn: str, posts: Sequence[Post], receivers: int) -> Answers:
    """Bring the posts through so many receivers at once, each with the web app and its own connection."""
    began = time.perf_counter()
    with ThreadPoolExecutor(receivers) as pool:
        parts = list(pool.map(lambda n: _received(dsn, posts[n::receivers]), range(receivers)))
    whole = Answers(seconds=time.perf_counter() - began)
    for part in parts:
        whole.statuses += part.statuses
        whole.took_ms += part.took_ms
    return whole


def _received(dsn: str, posts: Sequence[Post]) -> Answers:
    loop = receiver(dsn)
    try:
        return asyncio.run(_posted(loop, posts))
    finally:
        loop.close()


async def _posted(loop: Loop, posts: Sequence[Post]) -> Answers:
    found = Answers()
    async with AsyncClient(transport=ASGITransport(app=build(loop)), base_url=PUBLIC) as client:
        for post in posts:
            if post.kind == "receipt":
                outreach = loop.state.outreach
                assert outreach.record_receipt(post.claim.id, post.claim.fence, f"P-{post.claim.id}", None)
                continue
            began = time.perf_counter()
            answer = await client.post(post.path, headers=post.headers, content=post.raw)
            found.took_ms.append((time.perf_counter() - began) * 1000)
            found.statuses.append((post.kind, answer.status_code))
    return found


def differences(ledger: Ledger, expected: Sequence[Expected]) -> list[str]:
    """Where the ledger is not what the events must have come to."""
    wrong = []
    query = """
    select is_suppressed(o.lead_id), l.email_invalid_since is not null, p.invalid_since is not null,
           e.stop_reason, to_jsonb(o)
    from touches o join leads l on l.id = o.lead_id join phones p on p.lead_id = l.id
        join enrolments e on e.id = o.enrolment_id
    where o.id = %s
    """
    for each in expected:
        ((suppressed, email_dead, number_dead, reason, touch),) = ledger.rows(query, each.touch)
        reached = {name for name in REACHABLE if touch[f"{name}_at"] is not None}
        found = (suppressed, email_dead, number_dead, reason)
        wanted = (each.suppressed, each.email_dead, each.number_dead, each.stop_reason)
        if found != wanted or not each.milestones <= reached:
            wrong.append(f"{touch['channel']} {each}: {found}, {reached}")
    return wrong


REACHABLE = ("delivered", "replied", "positive", "bounced", "complained", "opted_out")
