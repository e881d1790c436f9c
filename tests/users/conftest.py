import pytest
from people_desk import PeopleDesk

from jobs.core.database import Database


@pytest.fixture
def desk(database: Database) -> PeopleDesk:
    return PeopleDesk(database)
