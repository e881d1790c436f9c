"""A reaction of the owner is a yes where they were asked; else their session hears of it at its next turn, once."""

from __future__ import annotations

import re
from typing import Any, cast

from telethon import functions
from telethon.tl import types

from jobs.sandbox.person import Person
from jobs.sandbox.stage import Stage

STATES = "SELECT emoji, state FROM reactions ORDER BY id"


async def react(owner: Person, chat: int, message_id: int, emoji: str | None) -> None:
    chosen: list[Any] = [types.ReactionEmoji(emoji)] if emoji else []
    client, peer = owner.client, cast("Any", chat)
    reacting: Any = cast("Any", client)(functions.messages.SendReactionRequest(peer, message_id, reaction=chosen))
    await reacting


def notes(stage: Stage) -> list[str]:
    """What the last request was told of reactions, over the whole conversation."""
    return [t for t in stage.claude.requests.model[-1].all_texts if "the owner has reacted" in t]


async def answered(stage: Stage) -> tuple[Person, int]:
    """The owner, and the id of the answer to their first message."""
    await stage.start()
    owner = await stage.person()
    answer = await owner.ask("hi", "Fine.")
    await stage.nothing_waits()
    return owner, answer.id


async def again(stage: Stage, owner: Person, text: str) -> None:
    count = len(owner.received) + 1
    await owner.send(text)
    await owner.wait_for(lambda seen: len(seen) == count)
    await stage.nothing_waits()


async def test_a_reaction_is_told_at_the_next_turn_once_and_starts_none(stage: Stage) -> None:
    owner, answer = await answered(stage)
    await react(owner, stage.assistant.id, answer, "❤")
    await stage.stored([("❤", "new")], STATES)
    assert len(stage.claude.requests.model) == 1
    await again(stage, owner, "second")
    [note] = notes(stage)
    assert re.search(r"\n- \w{3} \d{4}-\d\d-\d\d \d\d:\d\d: ❤ on the message <quoted (\w+)>Fine\.</quoted \1>\]$", note)
    assert stage.rows(STATES) == [("❤", "told")]
    await again(stage, owner, "third")
    assert len(notes(stage)) == 1


async def test_a_reaction_that_is_taken_back_is_not_told_and_one_in_its_place_is(stage: Stage) -> None:
    owner, answer = await answered(stage)
    await react(owner, stage.assistant.id, answer, "❤")
    await stage.stored([("❤", "new")], STATES)
    await react(owner, stage.assistant.id, answer, None)
    await stage.stored([("❤", "removed")], STATES)
    await again(stage, owner, "second")
    assert notes(stage) == []
    await react(owner, stage.assistant.id, answer, "🔥")
    await stage.stored([("❤", "removed"), ("🔥", "new")], STATES)
    await again(stage, owner, "third")
    [note] = notes(stage)
    assert "🔥" in note
    assert "❤" not in note


async def test_a_reaction_is_told_after_a_kill_and_one_that_was_told_is_not_told_again(stage: Stage) -> None:
    owner, answer = await answered(stage)
    await react(owner, stage.assistant.id, answer, "❤")
    await stage.stored([("❤", "new")], STATES)
    await stage.daemons[-1].kill()
    await stage.start()
    await again(stage, owner, "second")
    assert len(notes(stage)) == 1
    await stage.daemons[-1].kill()
    await stage.start()
    await again(stage, owner, "third")
    assert len(notes(stage)) == 1


async def test_a_reaction_that_was_made_or_removed_while_it_was_off_is_noticed_at_the_start(stage: Stage) -> None:
    owner, first = await answered(stage)
    await again(stage, owner, "second")
    second = owner.received[-1].id
    await react(owner, stage.assistant.id, first, "❤")
    await stage.stored([("❤", "new")], STATES)
    await stage.daemons[-1].kill()
    await react(owner, stage.assistant.id, first, None)
    await react(owner, stage.assistant.id, second, "🔥")
    await stage.start()
    await again(stage, owner, "third")
    [note] = notes(stage)
    assert "🔥" in note
    assert "❤" not in note


async def test_a_custom_emoji_has_no_name_and_reactions_of_others_or_to_ones_own_words_are_not_told(
    stage: Stage,
) -> None:
    owner, answer = await answered(stage)
    box = stage.world.messages_between(stage.owner, stage.assistant)
    own, ours = box[0], box[1]
    stage.world.react(stage.owner, own, "🔥")
    stage.world.react(stage.assistant, ours, "🎉")
    custom: list[Any] = [types.ReactionCustomEmoji(document_id=123456789)]
    stage.world.react_with(stage.owner, ours, custom)
    await stage.stored([("", "new")], STATES)
    await again(stage, owner, "second")
    [note] = notes(stage)
    assert "a custom emoji on the message" in note
    assert "123456789" not in note
    assert "🔥" not in note
    assert answer


async def test_of_many_reactions_the_last_twenty_are_told_and_the_others_counted(stage: Stage) -> None:
    owner, answer = await answered(stage)
    await react(owner, stage.assistant.id, answer, "❤")
    await stage.stored([("❤", "new")], STATES)
    await stage.daemons[-1].stop()
    for number in range(25):
        stage.write(
            "INSERT INTO reactions (chat_id, message_id, emoji, reacted_at, state) SELECT chat_id, ?, '🔥', "
            "reacted_at, 'new' FROM reactions WHERE emoji = '❤'",
            5000 + number,
        )
    await stage.start()
    await again(stage, owner, "second")
    [note] = notes(stage)
    assert note.count("\n- ") == 20
    assert re.findall(r"There were \d+ more before", note) == ["There were 6 more before"]
    assert stage.rows("SELECT DISTINCT state FROM reactions") == [("told",)]
