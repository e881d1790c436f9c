import pytest
from trigger_desk import TriggerDesk

from jobs.core.database import Database


@pytest.fixture
def desk(database: Database) -> TriggerDesk:
    return TriggerDesk(database)
