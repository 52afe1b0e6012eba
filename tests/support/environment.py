"""The tests see none of the developer's settings, keys or proxies."""

from __future__ import annotations

import os

_PREFIXES = (
    "GROWTHLOOP_",
    "SUPABASE_",
    "RESEND_",
    "TWILIO_",
    "VAPI_",
    "APOLLO_",
    "HUNTER_",
    "GHL_",
    "GOHIGHLEVEL_",
    "EXA_",
    "RB2B_",
    "SLACK_",
    "GOOGLE_",
    "ANTHROPIC_",
    "MODAL_",
    "PG",
)
_NAMES = {"DATABASE_URL", "GITHUB_TOKEN", "GH_TOKEN", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"}

removed: dict[str, str] = {}
"""What was taken out of the environment: an opt-in suite against a real project reads its settings here."""


def isolate() -> None:
    """Take every setting, key and proxy out of this process's environment."""
    for name in list(os.environ):
        if name.startswith(_PREFIXES) or name.upper() in _NAMES:
            removed[name] = os.environ.pop(name)
