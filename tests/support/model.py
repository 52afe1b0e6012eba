"""Claude as the simulator's wire speaks it, before a loop on a test's database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from shared.config import Settings
from shared.loop import Loop
from shared.providers.registry import Providers
from simulator.credentials import Credentials
from simulator.wire.anthropic import AnthropicFake
from simulator.wire.github import GitHubFake
from simulator.wire.model import Behaviour, plain
from tests.contract.simulator.stand import standing
from tests.support.ledger import INSTALLATION, Ledger
from tests.unit.simulator.worlds import ada_world

KEYS = Credentials()


@dataclass
class Wired:
    """A loop, and what stands behind its model and its repository. `waits` are the pauses it made."""

    loop: Loop
    claude: AnthropicFake
    github: GitHubFake
    waits: list[float]

    @property
    def asked(self) -> list[dict[str, Any]]:
        """The requests that reached the model."""
        return self.claude.asked


@contextmanager
def wired(ledger: Ledger, behaviour: Behaviour = plain, **settings: str) -> Iterator[Wired]:
    """A loop with a key, and a model that behaves so."""
    with standing(ada_world(), start=ledger.now) as stand:
        urls, waits = stand.server.urls, list[float]()
        given = {
            "GROWTHLOOP_INSTALLATION_ID": str(INSTALLATION),
            "GROWTHLOOP_RELEASE": "test",
            "GROWTHLOOP_OWNER_EMAIL": "owner@example.com",
            "GROWTHLOOP_REPORT_FROM": "Loop <reports@example.com>",
            "GROWTHLOOP_BUSINESS_NAME": "Example Answering",
            "RESEND_API_KEY": KEYS.resend_key,
            "RESEND_BASE_URL": urls.resend,
            "ANTHROPIC_API_KEY": KEYS.anthropic_key,
            "ANTHROPIC_BASE_URL": urls.anthropic,
        } | settings
        if "GROWTHLOOP_GITHUB_TOKEN" in given:
            given["GROWTHLOOP_GITHUB_BASE_URL"] = urls.github
        own = Settings.from_env(given)
        loop = replace(Loop(own, ledger.state, Providers(own)), pause=waits.append, may_send=True)
        claude, github = stand.server.anthropic, stand.server.github
        claude.behaviour = behaviour
        yield Wired(loop, claude, github, waits)
