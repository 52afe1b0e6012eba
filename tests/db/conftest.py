"""The ledger on this test's database."""

from __future__ import annotations

import pytest

from shared.state.postgres import PostgresTransport
from tests.support.ledger import Ledger


@pytest.fixture
def ledger(database: str, transport: PostgresTransport) -> Ledger:
    """A live installation with senders and nothing else."""
    return Ledger.over(database, transport)
