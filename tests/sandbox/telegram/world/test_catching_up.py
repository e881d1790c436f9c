from __future__ import annotations

from pathlib import Path

import pytest
from people import People, listen
from telethon import errors, events, functions, types

from jobs.sandbox.telegram.world import TelegramWorld, User


async def test_a_client_that_was_away_gets_exactly_what_it_missed(
    people: People, world: TelegramWorld, ada: User, bob: User, tmp_path: Path
) -> None:
    path = tmp_path / "bob.session"
    people.server.create_session_file(path, bob.id)
    before = await people.client(path=path)
    heard = listen(before, events.NewMessage)
    world.send_text(ada, bob, "while there")
    await heard.count(1)
    await before.disconnect()
    for number in range(5):
        world.send_text(ada, bob, f"missed {number}")
    again = await people.client(path=path, catch_up=True)
    heard = listen(again, events.NewMessage)
    await heard.count(5)
    world.send_text(ada, bob, "live")
    await heard.count(6)
    assert [e.raw_text for e in heard.events] == [*(f"missed {n}" for n in range(5)), "live"]


async def test_much_that_was_missed_comes_in_pages(
    people: People, world: TelegramWorld, ada: User, bob: User, tmp_path: Path
) -> None:
    world.settings.difference_page = 7
    path = tmp_path / "bob.session"
    people.server.create_session_file(path, bob.id)
    await (await people.client(path=path)).disconnect()
    for number in range(30):
        world.send_text(ada, bob, str(number))
    again = await people.client(path=path, catch_up=True)
    heard = listen(again, events.NewMessage)
    await heard.count(30)
    assert [e.raw_text for e in heard.events] == [str(n) for n in range(30)]
    assert len(people.server.calls.of("updates.getDifference")) >= 5


async def test_a_difference_tells_of_edits_deletions_and_reads_with_their_pts(
    people: People, world: TelegramWorld, ada: User, bob: User
) -> None:
    from_bob = await people.client(bob)
    state = await from_bob(functions.updates.GetStateRequest())
    kept, gone = world.send_text(ada, bob, "kept"), world.send_text(ada, bob, "gone")
    answer = world.send_text(bob, ada, "mine")
    gone_id = gone.ids[bob.id]
    world.perform(ada, functions.messages.EditMessageRequest(_to(world, ada, bob), kept.ids[ada.id], message="new"))
    world.perform(ada, functions.messages.DeleteMessagesRequest([gone.ids[ada.id]], revoke=True))
    world.read(ada, bob)
    world.read(bob, ada)
    missed = await from_bob(functions.updates.GetDifferenceRequest(state.pts, state.date, state.qts))
    assert isinstance(missed, types.updates.Difference)
    assert [(m.id, m.message) for m in missed.new_messages] == [(kept.ids[bob.id], "new"), (answer.ids[bob.id], "mine")]
    kinds = [type(update) for update in missed.other_updates]
    assert kinds == [
        types.UpdateEditMessage,
        types.UpdateDeleteMessages,
        types.UpdateReadHistoryOutbox,
        types.UpdateReadHistoryInbox,
    ]
    assert missed.other_updates[1].messages == [gone_id]
    assert missed.state.pts == missed.other_updates[-1].pts == state.pts + 7
    assert {user.id for user in missed.users} >= {ada.id}


async def test_nothing_missed_is_an_empty_difference(people: People, ada: User) -> None:
    client = await people.client(ada)
    state = await client(functions.updates.GetStateRequest())
    nothing = await client(functions.updates.GetDifferenceRequest(state.pts, state.date, state.qts))
    assert isinstance(nothing, types.updates.DifferenceEmpty)


async def test_too_much_is_not_told_at_all_when_the_world_says_so(
    people: People, world: TelegramWorld, ada: User, bob: User
) -> None:
    world.settings.difference_too_long = 3
    client = await people.client(bob)
    state = await client(functions.updates.GetStateRequest())
    for number in range(4):
        world.send_text(ada, bob, str(number))
    answer = await client(functions.updates.GetDifferenceRequest(state.pts, state.date, state.qts))
    assert answer == types.updates.DifferenceTooLong(state.pts + 4)


@pytest.mark.parametrize(
    ("pts", "error"),
    [(0, errors.PersistentTimestampEmptyError), (10_000, errors.PersistentTimestampInvalidError)],
)
async def test_a_pts_that_cannot_be_is_refused(people: People, ada: User, pts: int, error: type[Exception]) -> None:
    client = await people.client(ada)
    with pytest.raises(error):
        await client(functions.updates.GetDifferenceRequest(pts, None, 0))


async def test_an_update_lost_on_the_way_is_fetched_when_the_next_one_comes(
    people: People, world: TelegramWorld, ada: User, bob: User
) -> None:
    from_bob = await people.client(bob)
    heard = listen(from_bob, events.NewMessage)
    people.server.drop_connections(bob.id)
    world.send_text(ada, bob, "in the gap")
    await from_bob.get_me()
    world.send_text(ada, bob, "after it")
    await heard.count(2)
    assert [e.raw_text for e in heard.events] == ["in the gap", "after it"]


def _to(world: TelegramWorld, viewer: User, user: User) -> types.InputPeerUser:
    shown = world.perform(viewer, functions.contacts.ResolveUsernameRequest(user.username or "")).users[0]
    return types.InputPeerUser(shown.id, shown.access_hash)
