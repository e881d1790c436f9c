import pytest
from schedule_desk import ScheduleDesk
from trigger_desk import TriggerDesk

from jobs.core.database import Database


@pytest.fixture
def desk(database: Database) -> TriggerDesk:
    return TriggerDesk(database)


@pytest.fixture
def planner(database: Database) -> ScheduleDesk:
    return ScheduleDesk(database)
