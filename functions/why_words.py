"""The record of one person in words, for reading at a terminal. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from shared.mail.safe import plain, quoted
from shared.mail.words import refusal

Record = Mapping[str, Any]
REACH = {"person": "everything of theirs", "address": "this address alone"}


def in_words(found: Record, zone: ZoneInfo) -> str:
    """All of it, in the order in which one asks: who, may we, what happened, what now. Times of `zone`."""
    words = _Words(zone)
    parts = (words.who, words.may, words.sequence, words.touches, words.calls, words.said, words.now)
    told = (list(part(found)) for part in parts)
    return "\n\n".join("\n".join(lines) for lines in told if lines)


class _Words:
    """Sentences about a record, on one clock."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone

    def who(self, found: Record) -> Iterator[str]:
        lead, score = found["lead"], found["score"]
        if lead["erased_at"]:
            yield f"Lead {lead['id']}: erased {self._at(lead['erased_at'])}; facts without words stay."
            return
        name = " ".join(part for part in (lead["first_name"], lead["last_name"]) if part)
        company = f" of {plain(lead['company'])}" if lead["company"] else ""
        yield f"Lead {lead['id']}: {plain(name) or 'name not known'}{company}"
        place = ", ".join(str(part) for part in (lead["city"], lead["region"], lead["country"]) if part)
        yield f"  place   {plain(place) or 'not known'}"
        zones = ", ".join(lead["zones"]) or "not known"
        yield f"  zones   {zones}, from {lead['zone_source'] or 'nothing'}"
        bounced = " (bounced: not used)" if lead["email_invalid_since"] else ""
        yield f"  email   {lead['email'] or 'none'}{bounced}"
        for phone in found["phones"]:
            yield f"  phone   {phone['number']} ({phone['label']}): {self._line(phone)}"
        yield f"  came    {self._at(lead['imported_at'])} from {lead['source']}"
        reasons = plain("; ".join(score["reasons"])) or "no sign of intent"
        yield f"  score   {score['points']} ({score['priority']}): {reasons}"

    def _line(self, phone: Record) -> str:
        kind, scrubbed = phone["line_type"], phone["dnc_scrubbed_on"]
        looked_up = f"{kind}, looked up {self._at(phone['looked_up_at'])}" if kind else "line not looked up"
        listed = "on the do-not-call list" if phone["dnc_listed"] else "not on the do-not-call list"
        scrub = f"{listed} of {scrubbed}" if scrubbed else "never scrubbed"
        return f"{looked_up}; {scrub}" + ("; invalid: not used" if phone["invalid_since"] else "")

    def may(self, found: Record) -> Iterator[str]:
        for each in found["suppressions"]:
            yield f"CLOSED  {each['address']} since {self._at(each['at'])}, for good"
            yield f"        {each['reason']}, from {each['source']}; it reaches {REACH[each['reach']]}"
        for each in found["consents"]:
            revoked = f", revoked {self._at(each['revoked_at'])}" if each["revoked_at"] else ""
            to = f"{each['consent_type']} to {each['channel']} at {each['address']}"
            yield f"CONSENT {each['id']}: {to}, given {each['given_on']}{revoked}"
            yield f"        proof: {plain(each['source'])}: {quoted(each['wording'])}"
        if not found["consents"] and not found["lead"]["erased_at"]:
            yield "CONSENT none on record"

    def sequence(self, found: Record) -> Iterator[str]:
        for each in found["enrolments"]:
            book = f"{each['playbook']} ({_short(each['playbook_hash'])})"
            why = f", {each['stop_reason']}" if each["stop_reason"] else ""
            pause = f" until {each['paused_until']}" if each["paused_until"] else ""
            yield f"ENTERED {book} {self._at(each['enrolled_at'])}: {each['state']}{pause}{why}"
            if each["held_out"]:
                yield "        held out on purpose, to measure what contacting adds"
        if not found["enrolments"]:
            yield "ENTERED no sequence yet"

    def touches(self, found: Record) -> Iterator[str]:
        for each in found["touches"]:
            yield from self._touch(each)

    def _touch(self, touch: Record) -> Iterator[str]:
        step = f"{touch['channel']}, step {touch['step']} attempt {touch['attempt']} ({touch['purpose']})"
        outcome = f", {touch['disposition']}" if touch["disposition"] else ""
        yield f"TOUCH   {step}: {touch['state']}{outcome}"
        yield f"        id {touch['id']}; due {self._at(touch['due_at'])}; score {touch['score']}"
        if touch["submitted_at"]:
            consent = f"consent {touch['consent_id']}" if touch["consent_id"] else "no consent on record"
            script = f"{touch['script_key']} ({_short(touch['script_hash'])})"
            yield f"        {script}, arm {touch['arm'] or 'none'}, rules {_short(touch['rules_hash'])}"
            yield f"        by {touch['sender']} to {touch['address'] or '(erased)'}, {consent}"
        for step in touch["decisions"]:
            because = f": {step['code']}, {refusal(step['code']).words}" if step["code"] else ""
            yield f"        {self._at(step['at'])}  {step['to']}{because}"
        for event in touch["events"]:
            result = f": {event['disposition']}" if event["disposition"] else ""
            yield f"        {self._at(event['at'])}  {event['provider']} reports {event['kind']}{result}"
        reached = ", ".join(f"{name} {self._at(at)}" for name, at in touch["milestones"].items())
        if reached:
            yield f"        reached: {reached}"

    def calls(self, found: Record) -> Iterator[str]:
        for each in found["calls"]:
            share = "" if each["talk_share"] is None else f", we talked {each['talk_share']:.0%} of the time"
            yield f"CALL    {each['touch_id']}: quality {each['quality']} of 100{share}"
            for reason in each["reasons"]:
                yield f"        {plain(reason)}"
            for raised in each["raised"]:
                words = quoted(raised["words"]) if raised["words"] else "(words no longer kept)"
                led = f"; it led to a {raised['led_to']}" if raised["led_to"] else ""
                yield f"        objected ({raised['kind'].replace('_', ' ')}): {words}{led}"

    def said(self, found: Record) -> Iterator[str]:
        for each in found["messages"]:
            who = "they" if each["direction"] == "in" else "we"
            sort = f"{who} by {each['channel']}, {each['class'] or 'not sorted'}"
            yield f"SAID    {self._at(each['at'])}  {sort}: {quoted(each['words'] or '')}"
        for each in found["meetings"]:
            clash = ", clashes with another" if each["clashes"] else ""
            yield f"MEETING {self._at(each['starts_at'])}: {each['state']}{clash}"
        for each in found["sales"]:
            amount = "amount not given" if each["amount_usd"] is None else f"${each['amount_usd']:,.2f}"
            yield f"SALE    {self._at(each['sold_at'])}: {amount}"
        talk = found["conversation"]
        if talk:
            over = f"closed {self._at(talk['closed_at'])}" if talk["closed_at"] else "open"
            yield f"TALK    {over}; last message {self._at(talk['last_message_at'])}"

    def now(self, found: Record) -> Iterator[str]:
        if found["lead"]["erased_at"]:
            return
        if not found["switches"]["live"]:
            yield "NOW     sending is not turned on: nobody is contacted; apart from that:"
        elif found["switches"]["kill_switch"]:
            yield "NOW     the kill switch is on: nobody is contacted; apart from that:"
        yield f"NOW     a step of the sequence, by the rules in force ({_short(found['rules_in_force'])}):"
        for channel, said in found["now"].items():
            because = "may go out"
            if not said["allowed"]:
                again = f"; asked again {self._at(said['retry_at'])}" if said["retry_at"] else ""
                because = f"{said['reason']}, {refusal(said['reason']).words}{again}"
            yield f"        {channel:5}  {because}"

    def _at(self, text: str | None) -> str:
        return (
            f"{datetime.fromisoformat(text).astimezone(self._zone):%Y-%m-%d %H:%M:%S}" if text else "no time"
        )


def _short(hash_: str | None) -> str:
    return hash_[:12] if hash_ else "-"
