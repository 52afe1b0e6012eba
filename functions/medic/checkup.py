"""The check-up: everything an installation needs, looked at once and by hand, each with what to do about it.

It asks providers free questions only, sends nothing and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from functions.medic.outlook import dmarc
from shared.config import SenderSetting
from shared.errors import ConfigurationError, GrowthLoopError, ProviderError, StateError
from shared.loop import Loop
from shared.providers.channel import ChannelName

State = Literal["ok", "wrong", "off"]
CHANNELS: tuple[ChannelName, ...] = ("call", "email", "sms")
PROVIDERS: dict[ChannelName, str] = {"call": "Vapi", "email": "Resend", "sms": "Twilio"}
SECRETS: dict[ChannelName, tuple[tuple[str, str], ...]] = {
    "call": (
        ("VAPI_API_KEY", "vapi_api_key"),
        ("VAPI_WEBHOOK_SECRET", "vapi_webhook_secret"),
        ("VAPI_CREDENTIAL_ID", "vapi_credential_id"),
    ),
    "email": (("RESEND_API_KEY", "resend_api_key"), ("RESEND_WEBHOOK_SECRET", "resend_webhook_secret")),
    "sms": (("TWILIO_ACCOUNT_SID", "twilio_account_sid"), ("TWILIO_AUTH_TOKEN", "twilio_auth_token")),
}
STARTER_CRONS = 5
SHORTEST_KEY = 32


@dataclass(frozen=True)
class Check:
    """One thing looked at. `off` is what is not used here; `fix` is empty where there is nothing to do."""

    name: str
    state: State
    words: str
    fix: str = ""


def check_up(loop: Loop, versions: Iterable[str]) -> list[Check]:
    """Look at everything, in the order in which it has to be right.

    `versions` are those of this release's migrations. One check's trouble keeps no other from being made.
    """
    return [
        *settings_checks(loop),
        *_guarded("database", lambda: database_checks(loop, versions)),
        *_guarded("directives", lambda: directive_checks(loop)),
        *(check for channel in CHANNELS for check in _channel_checks(loop, channel)),
        *_guarded("email domains", lambda: domain_checks(loop)),
        *_guarded("web endpoint", lambda: web_checks(loop)),
        *scheduler_checks(loop),
    ]


def _guarded(name: str, looks: Callable[[], Iterable[Check]]) -> Iterator[Check]:
    try:
        yield from looks()
    except GrowthLoopError as error:
        yield Check(name, "wrong", f"could not be looked at ({error.code})", str(error))


def settings_checks(loop: Loop) -> Iterator[Check]:
    """What must be set before anything may be sent, and whether the secret key is one."""
    missing = loop.settings.missing_to_go_live()
    if missing:
        yield Check(
            "settings", "wrong", f"missing: {', '.join(missing)}", "Set them as .env.example describes."
        )
    else:
        yield Check("settings", "ok", "everything that sending needs is set")
    key = loop.settings.secret_key
    if key is not None and len(key.get_secret_value()) < SHORTEST_KEY:
        yield Check(
            "secret key",
            "wrong",
            f"GROWTHLOOP_SECRET_KEY has fewer than {SHORTEST_KEY} characters",
            "Make a new one as .env.example says. Links that were sent before stop working.",
        )


def database_checks(loop: Loop, versions: Iterable[str]) -> Iterator[Check]:
    """Reachable, as new as this release, and the one that went live."""
    try:
        missing = sorted(set(versions) - set(loop.state.incidents.applied_migrations()))
        status = loop.state.live.status()
    except StateError as error:
        fix = (
            "Run `growthloop migrate`."
            if error.code == "schema_outdated"
            else "Check the database's address and key."
        )
        yield Check("database", "wrong", f"does not answer as it should ({error.code})", fix)
        return
    if missing:
        yield Check("database", "wrong", f"{len(missing)} migrations behind", "Run `growthloop migrate`.")
    else:
        yield Check("database", "ok", "answers, and is as new as this release")
    if not status.on:
        yield Check("live", "off", "nothing is sent: this installation is not live", "`growthloop live on`")
    elif not status.may_send:
        yield Check(
            "live", "wrong", "another installation or database is live", "`growthloop live on` takes over."
        )
    else:
        yield Check("live", "ok", "this installation is the live one")
    if status.kill_switch:
        yield Check("kill switch", "wrong", "is pulled: nothing is sent", "`growthloop resume`")


def directive_checks(loop: Loop) -> Iterator[Check]:
    """The rules in force can be read as a whole."""
    count = len(loop.book.versions)
    yield Check("directives", "ok", f"{count} in force")


def _channel_checks(loop: Loop, channel: ChannelName) -> Iterator[Check]:
    name, senders = PROVIDERS[channel], _senders(loop, channel)
    missing = [variable for variable, field in SECRETS[channel] if not getattr(loop.settings, field)]
    variable = f"GROWTHLOOP_{channel.upper()}_SENDERS"
    if not senders:
        yield Check(name, "off", f"{variable} is empty: no {channel} goes out", f"Set {variable} to use it.")
        return
    if missing:
        yield Check(name, "wrong", f"missing: {', '.join(missing)}", "Set them, or empty " + variable + ".")
        return
    yield _probe(loop, channel, name)
    for sender in senders:
        if channel != "email" and not sender.reference:
            what = "Vapi's id of the number" if channel == "call" else "Twilio's messaging service"
            yield Check(name, "wrong", "a number stands without its id", f"Write {what} before it: id=+1…")


def _probe(loop: Loop, channel: ChannelName, name: str) -> Check:
    try:
        loop.providers.channel(channel).probe()
    except ProviderError as error:
        return Check(name, "wrong", f"refused a free request ({error.code})", "Check key and account there.")
    except ConfigurationError as error:
        return Check(name, "wrong", "cannot be set up", str(error))
    return Check(name, "ok", f"answers; {len(_senders(loop, channel))} senders")


def domain_checks(loop: Loop) -> Iterator[Check]:
    """Each sending domain is verified at Resend (SPF and DKIM) and publishes a DMARC policy."""
    domains = loop.settings.sending_domains
    if not domains or not loop.settings.resend_api_key:
        return
    verified = loop.providers.email.verified_domains()
    for domain in domains:
        if domain not in verified:
            yield Check(
                domain, "wrong", "is not verified at Resend (SPF, DKIM)", "Add the records Resend shows."
            )
            continue
        yield _policy(loop, domain)


def _policy(loop: Loop, domain: str) -> Check:
    """What the domain says about forged mail; Gmail and Yahoo ask for it."""
    found = dmarc(loop, domain)
    if found is None:
        return Check(domain, "off", "is verified; its DMARC policy could not be looked up")
    if found:
        return Check(domain, "ok", "is verified and has a DMARC policy")
    return Check(
        domain, "wrong", "has no DMARC policy", f"Publish a TXT record _dmarc.{domain}: v=DMARC1; p=none"
    )


def web_checks(loop: Loop) -> Iterator[Check]:
    """The web endpoint answers at the public address, over TLS."""
    url = loop.settings.public_url
    if not url:
        return
    if urlsplit(url).scheme != "https":
        yield Check(
            "web endpoint", "wrong", "GROWTHLOOP_PUBLIC_URL is not https", "Use the address Modal prints."
        )
        return
    answer = loop.outside.page(f"{url.rstrip('/')}/health")
    if answer is None or answer.status == 0:
        yield Check("web endpoint", "wrong", "does not answer", "Deploy, and correct GROWTHLOOP_PUBLIC_URL.")
    elif answer.status not in (200, 503) or '"live"' not in answer.body:
        words = f"something else answers there (status {answer.status})"
        yield Check("web endpoint", "wrong", words, "Correct GROWTHLOOP_PUBLIC_URL.")
    else:
        yield Check("web endpoint", "ok", f"answers ({answer.status})")


def scheduler_checks(loop: Loop) -> Iterator[Check]:
    """A cron for each stage needs more than the Starter plan's."""
    from functions import stages

    crons = len(stages.built())
    if loop.settings.scheduler == "stages" and crons > STARTER_CRONS:
        yield Check(
            "schedule",
            "ok",
            f"{crons} crons; Modal's Starter plan refuses more than {STARTER_CRONS} in a workspace",
            "On that plan deploy with GROWTHLOOP_SCHEDULER=dispatcher.",
        )
    else:
        yield Check("schedule", "ok", "two crons, which every plan of Modal allows")


def _senders(loop: Loop, channel: ChannelName) -> list[SenderSetting]:
    return [sender for sender in loop.settings.senders if sender.channel == channel]
