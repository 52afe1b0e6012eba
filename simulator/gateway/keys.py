"""Who asks: Supabase's API keys and HS256 tokens become database roles."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.gateway.answers import Answer, Refusal, compact

_CLOCK_SKEW_S = 30


@dataclass(frozen=True)
class Caller:
    """The role a request runs as and the claims its functions may read."""

    role: str
    claims: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Keys:
    """The keys of one project. `jwt_secret` None = no token is accepted."""

    secret: str
    publishable: str
    jwt_secret: str | None

    def caller(self, headers: Mapping[str, str]) -> Caller | Answer:
        """The caller, or the gateway's own 401, which has no `code`."""
        key = headers.get("apikey")
        if not key:
            return _turned_away(
                "No API key found in request", "No `apikey` request header or url param was found."
            )
        browser = headers.get("User-Agent", "").startswith("Mozilla/")
        if not self._known(key) or (key == self.secret and browser):
            hint = "Double check your Supabase `anon` or `service_role` API key."
            return _turned_away("Invalid API key", hint)
        scheme, _, token = headers.get("Authorization", "").partition(" ")
        return self._role(token.strip() if scheme.lower() == "bearer" and token else key)

    def _known(self, key: str) -> bool:
        if key in (self.secret, self.publishable):
            return True
        try:
            self._claims(key)
        except Refusal:
            return False
        return True

    def _role(self, token: str) -> Caller:
        if token in (self.secret, self.publishable):
            role = "service_role" if token == self.secret else "anon"
            return Caller(role, {"role": role})
        claims = self._claims(token)
        role = str(claims.get("role", "anon"))
        return Caller(role, {**claims, "role": role})

    def _claims(self, token: str) -> dict[str, Any]:
        signed, _, signature = token.rpartition(".")
        if self.jwt_secret is None or signed.count(".") != 1:
            raise _bad_token("PGRST301", "Expected 3 parts in JWT; got 1")
        if not hmac.compare_digest(_signature(signed, self.jwt_secret), signature):
            raise _bad_token("PGRST301", "No suitable key or wrong key type")
        claims: dict[str, Any] = json.loads(_decoded(signed.partition(".")[2]))
        if "exp" in claims and claims["exp"] + _CLOCK_SKEW_S < time.time():
            raise _bad_token("PGRST303", "JWT expired")
        return claims


def token(claims: Mapping[str, Any], secret: str) -> str:
    """An HS256 token, as a project's legacy keys and its users' tokens are."""
    parts = [{"alg": "HS256", "typ": "JWT"}, dict(claims)]
    signed = ".".join(_encoded(compact(part).encode()) for part in parts)
    return f"{signed}.{_signature(signed, secret)}"


def _signature(signed: str, secret: str) -> str:
    return _encoded(hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest())


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _turned_away(message: str, hint: str) -> Answer:
    return Answer(401, compact({"message": message, "hint": hint}))


def _bad_token(code: str, message: str) -> Refusal:
    return Refusal(
        401,
        code,
        message,
        headers=[("WWW-Authenticate", f'Bearer error="invalid_token", error_description="{message}"')],
    )
