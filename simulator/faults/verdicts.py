"""What can become of one request to a provider."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Refusal:
    """An error without an effect, in the provider's own words.

    `retry_after` goes into the header, which is left out when it is None. `quota` is the provider's error
    for a period that is used up, whatever its status is there.
    """

    status: int = 429
    retry_after: timedelta | None = None
    quota: bool = False


@dataclass(frozen=True)
class Slow:
    """The effect, and then virtual time passes before the answer; `lost` means the caller gave up before."""

    takes: timedelta
    lost: bool = False


@dataclass(frozen=True)
class Behind:
    """A list that does not know yet what came in during the last so long."""

    by: timedelta


Verdict = str | Refusal | Slow | Behind
"""`"drop"` (effect, then a reset), `"refuse"` (a reset alone), a status such as `"503"`, or one of these."""
