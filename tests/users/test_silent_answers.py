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
        ("MY_HEARTBEAT_OK = 1", "MY_HEARTBEAT_OK = 1"),
        ("Answer: HEARTBEAT_OK (nothing due)", "Answer: (nothing due)"),
        ("I looked. HEARTBEAT_OK. Nothing else.", "I looked. Nothing else."),
        ("I looked, and HEARTBEAT_OK. Nothing else.", "I looked, and. Nothing else."),
        ("I looked.\n- HEARTBEAT_OK\n- It rains.", "I looked.\n- It rains."),
        ("HEARTBEAT-OK It rains.", "It rains."),
        ("It rains. HEARTBEATOK", "It rains."),
        (r"It rains. NO\_REPLY", "It rains."),
    ],
)
def test_around_other_words_it_goes_and_they_stay(text: str, said: str) -> None:
    assert without_marker(text) == said
    for end in range(len(text) + 1):
        shown = "".join(so_far([text[:end]]))
        assert shown in said
        assert "HEARTBEAT" not in shown.split()


@pytest.mark.parametrize(
    "text",
    [
        "No reply from Masha yet: I ask again tomorrow.",
        "No reply.",
        "NO REPLY",
        "Nothing to report from the channel except that flat 12 is for sale.",
        "I wrote to Masha, no reply.",
        "Yesterday it said heartbeat_ok, today it rains.",
        "The heartbeat: ok.\nThe disk: full.",
    ],
)
def test_ordinary_words_are_left_as_they_are(text: str) -> None:
    assert without_marker(text) == text
    assert so_far([text]) == [text]


def test_of_several_texts_those_that_are_silence_go() -> None:
    assert so_far(["It rains.", "HEARTBEAT_OK", "HEART"]) == ["It rains."]
