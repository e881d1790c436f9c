"""A sentence is said in the language asked for, with its places filled."""

from __future__ import annotations

import pytest

from jobs.core.i18n import Words

GREETING = Words(en="Hello, {name}!", ru="Привет, {name}!")


def test_a_sentence_is_said_in_each_language() -> None:
    assert GREETING.say("en", name="Ada") == "Hello, Ada!"
    assert GREETING.say("ru", name="Ada") == "Привет, Ada!"


def test_what_fills_a_place_is_taken_literally() -> None:
    assert GREETING.say("en", name="{name} {0} {") == "Hello, {name} {0} {!"


def test_a_place_without_a_value_is_an_error() -> None:
    with pytest.raises(KeyError, match="name"):
        GREETING.say("en", surname="Lovelace")


def test_a_sentence_without_places_may_have_braces() -> None:
    assert Words(en="{}", ru="{}").say("en") == "{}"
