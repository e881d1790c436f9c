"""A running service can be had from anywhere, and only while it runs."""

from __future__ import annotations

import pytest

from jobs.core.errors import NotStartedError
from jobs.core.slots import Slot


def test_a_service_is_there_between_start_and_stop_and_not_outside() -> None:
    slot: Slot[list[int]] = Slot("The list")
    with pytest.raises(NotStartedError, match="The list is not running"):
        slot.get()
    service = [1]
    with slot.filled(service) as filled:
        assert filled is service
        assert slot.get() is service
    with pytest.raises(NotStartedError):
        slot.get()


def test_a_service_that_ended_badly_is_gone_too_and_can_be_started_again() -> None:
    slot: Slot[str] = Slot("It")
    with pytest.raises(ZeroDivisionError), slot.filled("first"):
        raise ZeroDivisionError
    with pytest.raises(NotStartedError):
        slot.get()
    with slot.filled("second"):
        assert slot.get() == "second"


def test_a_service_is_not_started_twice() -> None:
    slot: Slot[str] = Slot("It")
    with slot.filled("first"):
        with pytest.raises(RuntimeError, match="It is started already"), slot.filled("second"):
            pass
        assert slot.get() == "first"
