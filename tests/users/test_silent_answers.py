"""The word for silence never reaches anybody, not even while it is being written."""

import pytest

from jobs.users.silence import so_far, without_marker


@pytest.mark.parametrize(
    "text",
    ["HEARTBEAT_OK", " HEARTBEAT_OK.\n", "**HEARTBEAT_OK**", "`HEARTBEAT_OK`", "NO_REPLY", "NOTHING_TO_REPORT", ""],
)
def test_the_word_alone_is_silence(text: str) -> None:
    assert without_marker(text) == ""
    assert all(not so_far([text[:end]]) for end in range(len(text) + 1))


@pytest.mark.parametrize(
    "text", ["(HEARTBEAT_OK)", "[HEARTBEAT_OK]", r"HEARTBEAT\_OK", "heartbeat_ok", "✅ HEARTBEAT_OK", "- HEARTBEAT OK…"]
)
def test_the_word_is_known_however_it_is_dressed(text: str) -> None:
    assert without_marker(text) == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("HEARTBEAT_OK\n\nBy the way, it rains.", "By the way, it rains."),
        ("It rains.\n\nHEARTBEAT_OK", "It rains."),
        ("It *rains*.", "It *rains*."),
        ("Hello. Here we are.", "Hello. Here we are."),
        ("The HEARTBEAT_OK convention is OpenClaw's.", "The HEARTBEAT_OK convention is OpenClaw's."),
        ("HEARTBEAT_OKAY?", "HEARTBEAT_OKAY?"),
    ],
)
def test_around_other_words_it_goes_and_they_stay(text: str, said: str) -> None:
    assert without_marker(text) == said
    for end in range(len(text) + 1):
        shown = "".join(so_far([text[:end]]))
        assert shown in said
        assert "HEARTBEAT" not in shown.split()


def test_of_several_texts_those_that_are_silence_go() -> None:
    assert so_far(["It rains.", "HEARTBEAT_OK", "HEART"]) == ["It rains."]
