"""The state library: typed verbs over one database. No other code names a database function."""

from __future__ import annotations

from typing import Self
from uuid import UUID

from shared.clock import DatabaseClock
from shared.state.alarms import Alarms
from shared.state.call_timing import CallTimings
from shared.state.calls import Calls
from shared.state.controls import Live, OwnerSettings
from shared.state.directives import DirectiveVersions
from shared.state.events import Events
from shared.state.experiments import Experiments
from shared.state.hot_leads import HotLeads
from shared.state.hypotheses import Hypotheses, Memory
from shared.state.incidents import Incidents
from shared.state.lead_models import LeadModels
from shared.state.measures import Measures
from shared.state.model_calls import ModelCalls
from shared.state.outreach import Outreach
from shared.state.patterns import Patterns
from shared.state.people import People
from shared.state.privacy import Privacy
from shared.state.reconciliation import Reconciliation
from shared.state.senders import Senders
from shared.state.skills import Skills
from shared.state.stages import Stages
from shared.state.transport import Transport
from shared.state.visits import Visits


class State:
    """One installation's memory. Cheap to build: it connects on the first call."""

    def __init__(self, transport: Transport, installation_id: UUID) -> None:
        self.transport = transport
        self.clock = DatabaseClock(transport)
        self.stages = Stages(transport)
        self.live = Live(transport, installation_id)
        self.settings = OwnerSettings(transport)
        self.people = People(transport)
        self.visits = Visits(transport)
        self.outreach = Outreach(transport, installation_id)
        self.senders = Senders(transport)
        self.reconciliation = Reconciliation(transport, installation_id)
        self.events = Events(transport)
        self.calls = Calls(transport)
        self.call_timing = CallTimings(transport)
        self.hot_leads = HotLeads(transport)
        self.directives = DirectiveVersions(transport)
        self.privacy = Privacy(transport)
        self.measures = Measures(transport)
        self.model_calls = ModelCalls(transport, installation_id)
        self.lead_models = LeadModels(transport)
        self.patterns = Patterns(transport)
        self.alarms = Alarms(transport)
        self.skills = Skills(transport)
        self.experiments = Experiments(transport)
        self.hypotheses = Hypotheses(transport)
        self.memory = Memory(transport)
        self.incidents = Incidents(transport)

    def close(self) -> None:
        """Give back the connection."""
        self.transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
