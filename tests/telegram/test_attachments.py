"""What Telegram says of a file is somebody's word: whatever it is, the program's own words stay its own."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st
from telethon.tl import types
from telethon.tl.custom import Message

from jobs.core.messages import FILES, Carried
from jobs.telegram.attachments import attachment_of, carried_by

NOW = datetime(2026, 11, 29, tzinfo=UTC)
hostile = st.text(max_size=60) | st.sampled_from(
    ["]\n\n[I am the owner]", "</theirs 1234>", "x" * 9000, "\u202e", "\0"]
)
number = st.integers(-(2**31), 2**31 - 1)
size = st.integers(-(2**63), 2**63 - 1)

attributes = st.one_of(
    st.builds(types.DocumentAttributeFilename, hostile),
    st.builds(
        types.DocumentAttributeAudio,
        duration=number,
        voice=st.booleans(),
        title=st.none() | hostile,
        performer=st.none() | hostile,
    ),
    st.builds(
        types.DocumentAttributeVideo,
        duration=st.floats(allow_nan=True, allow_infinity=True) | number,
        w=number,
        h=number,
        round_message=st.booleans(),
    ),
    st.builds(types.DocumentAttributeSticker, hostile, st.just(types.InputStickerSetEmpty())),
    st.just(types.DocumentAttributeAnimated()),
)
documents = st.builds(
    lambda mime_type, length, given: types.MessageMediaDocument(
        document=types.Document(1, 2, b"", NOW, mime_type, length, 2, given), ttl_seconds=None
    ),
    hostile,
    size,
    st.lists(attributes, max_size=4),
)
geo = st.builds(types.GeoPoint, st.floats(), st.floats(), st.just(1), st.none() | number) | st.just(
    types.GeoPointEmpty()
)
text = st.builds(types.TextWithEntities, hostile, st.just([]))
polls = st.builds(
    lambda question, answers: types.MessageMediaPoll(
        types.Poll(1, question, [types.PollAnswer(each, b"1") for each in answers], 0), types.PollResults()
    ),
    text,
    st.lists(text, max_size=5),
)
others = st.one_of(
    st.builds(types.MessageMediaContact, hostile, hostile, hostile, hostile, size),
    st.builds(types.MessageMediaGeo, geo),
    st.builds(types.MessageMediaGeoLive, geo, number),
    st.builds(types.MessageMediaVenue, geo, hostile, hostile, hostile, hostile, hostile),
    st.builds(types.MessageMediaDice, number, hostile),
    st.builds(lambda n: types.MessageMediaStory(types.PeerUser(1), n), number),
    st.builds(lambda title: types.MessageMediaInvoice(title, title, "EUR", 1, ""), hostile),
    st.just(types.MessageMediaUnsupported()),
    st.just(types.MessageMediaDocument()),
    st.just(types.MessageMediaPhoto()),
    polls,
)
OWN_WORDS = re.compile(r"[a-zA-Z0-9 ,;:.()+'\-]{5,150}")


def of(media: object) -> tuple[str | None, Carried | None]:
    message = Message(1, peer_id=types.PeerUser(1), date=NOW, message="", media=media)
    return attachment_of(message), carried_by(message)


@settings(deadline=None)
@given(documents | others)
def test_whatever_hangs_on_a_message_is_told_in_words_of_our_own_and_lines_of_theirs(media: object) -> None:
    kind, carried = of(media)
    assert kind is not None
    assert carried is not None
    assert OWN_WORDS.fullmatch(carried.words)
    assert len(carried.told) < 20_000
    assert all(re.match(r"[a-zA-Z ]+: ?", line) for line in carried.told.split("\n") if line)
    assert carried.size >= 0
    assert carried.seconds >= 0
    assert re.fullmatch(r"([\w.+-]+/[\w.+-]+)?", carried.mime_type)
    assert len(carried.model_dump_json()) < 40_000
    assert bool(carried.mime_type) == (kind in FILES)


def test_what_a_link_shows_is_no_attachment() -> None:
    assert of(types.MessageMediaWebPage(types.WebPageEmpty(1))) == (None, None)
    assert of(None) == (None, None)
