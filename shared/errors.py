"""What can go wrong, and what to do about it.

    GrowthLoopError
    ├── ConfigurationError      a setting, directive or file is wrong; a person must change it
    │   ├── DirectiveError      names file, field, value and the near miss
    │   └── SchemaOutdated      the database is behind the code: run `growthloop migrate`
    ├── NotBuilt                the stage exists in the table but not yet in code
    ├── NotLive                 sending was asked for where it is not allowed
    ├── StateError              the database answered with an error
    │   ├── StateUnavailable    no answer at all; nothing may go out to a person meanwhile
    │   └── StateOutcomeUnknown the connection died in mid-call; repeat only what has a natural key
    ├── ProviderError           an outside service said no
    │   ├── RateLimited         wait `retry_after`, then the same request again
    │   ├── Unreachable         nothing was sent; later is fine
    │   ├── OutcomeUnknown      it may have happened; look it up before anything is repeated
    │   ├── RecipientRefused    this person cannot be reached on this channel
    │   ├── RecipientOptedOut   the provider says that they opted out: suppress everywhere
    │   └── ChannelDown         account, sender or configuration trouble: stop the whole channel
    ├── EvidenceError           a claim cites what is no figure; it is rejected
    └── WebhookRefused          forged, stale or unreadable; nothing was written

Callers decide by attribute, never by message text:

    try:
        channel.send(message)
    except ProviderError as error:
        if error.outcome_unknown: ...
"""

from __future__ import annotations

from datetime import timedelta


class GrowthLoopError(Exception):
    """Base of everything this project raises on purpose.

    `code` is a stable name for logs, the ledger and reports; it carries no personal data.
    The message may be shown to the owner, so it carries none either.
    """

    code = "error"
    retryable = False
    permanent_for_lead = False
    system_wide = False
    outcome_unknown = False

    def __init__(
        self, message: str = "", *, code: str | None = None, retry_after: timedelta | None = None
    ) -> None:
        super().__init__(message or (self.__doc__ or "").partition("\n")[0])
        self.code = code or type(self).code
        self.retry_after = retry_after


class ConfigurationError(GrowthLoopError):
    """A setting or file is wrong and a person must change it."""

    code = "configuration"
    system_wide = True


class DirectiveError(ConfigurationError):
    """A directive file holds a mistake."""

    code = "directive"


class SchemaOutdated(ConfigurationError):
    """The database is behind this code. Run `growthloop migrate`."""

    code = "schema_outdated"


class NotBuilt(GrowthLoopError):
    """This stage is not built yet."""

    code = "not_built"


class NotLive(GrowthLoopError):
    """Nothing is sent: this installation is not live. `growthloop live on` turns it on."""

    code = "not_live"


class StateError(GrowthLoopError):
    """The database refused a call."""

    code = "state"


class StateUnavailable(StateError):
    """The database cannot be reached, so nothing goes out."""

    code = "state_unavailable"
    retryable = True
    system_wide = True


class StateOutcomeUnknown(StateError):
    """The connection to the database was lost in mid-call; the change may or may not be there."""

    code = "state_outcome_unknown"
    retryable = True
    outcome_unknown = True


class ProviderError(GrowthLoopError):
    """An outside service refused a request.

    `code` is `<provider>.<the provider's own code>`, for example `twilio.21211`.
    """

    code = "provider"


class RateLimited(ProviderError):
    """The provider asks to slow down; the request was not carried out."""

    code = "rate_limited"
    retryable = True


class Unreachable(ProviderError):
    """The provider could not be reached and was sent nothing."""

    code = "unreachable"
    retryable = True


class OutcomeUnknown(ProviderError):
    """The connection was lost after the request left; it may have been carried out."""

    code = "outcome_unknown"
    outcome_unknown = True


class RecipientRefused(ProviderError):
    """This person cannot be reached on this channel."""

    code = "recipient_refused"
    permanent_for_lead = True


class RecipientOptedOut(RecipientRefused):
    """The provider reports that this person opted out."""

    code = "recipient_opted_out"


class ChannelDown(ProviderError):
    """Account, sender or configuration trouble at the provider: the whole channel stops."""

    code = "channel_down"
    system_wide = True


class EvidenceError(GrowthLoopError):
    """This is no figure that can be asked for."""

    code = "evidence"


class WebhookRefused(GrowthLoopError):
    """A webhook was forged, stale or unreadable."""

    code = "webhook_refused"
