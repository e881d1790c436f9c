from __future__ import annotations

from people import People, listen
from telethon import events

from jobs.sandbox.telegram.world import TelegramWorld, User


async def test_reading_clears_the_count_and_tells_both_sides(
    people: People, world: TelegramWorld, ada: User, bob: User
) -> None:
    from_ada, from_bob, other_bob = [await people.client(user) for user in (ada, bob, bob)]
    outbox = listen(from_ada, events.MessageRead)
    inbox = listen(other_bob, events.MessageRead(inbox=True))
    messages = [world.send_text(ada, bob, str(n)) for n in range(3)]
    assert world.unread(bob) == {ada.id: 3}
    assert (await from_bob.get_dialogs())[0].unread_count == 3
    await from_bob.send_read_acknowledge("ada", max_id=messages[1].ids[bob.id])
    [read] = await outbox.count(1)
    assert (read.max_id, read.outbox) == (messages[1].ids[ada.id], True)
    [seen] = await inbox.count(1)
    assert seen.max_id == messages[1].ids[bob.id]
    [dialog] = await from_bob.get_dialogs()
    assert (dialog.unread_count, dialog.dialog.read_inbox_max_id) == (1, messages[1].ids[bob.id])
    [dialog] = await from_ada.get_dialogs()
    assert dialog.dialog.read_outbox_max_id == messages[1].ids[ada.id]
    await from_bob.send_read_acknowledge("ada")
    assert world.unread(bob) == {}


async def test_reading_what_is_read_already_changes_nothing(
    people: People, world: TelegramWorld, ada: User, bob: User
) -> None:
    from_bob = await people.client(bob)
    world.send_text(ada, bob, "x")
    await from_bob.send_read_acknowledge("ada")
    pts = (ada.mailbox.pts, bob.mailbox.pts)
    await from_bob.send_read_acknowledge("ada")
    assert (ada.mailbox.pts, bob.mailbox.pts) == pts


async def test_reading_does_not_go_backwards(people: People, world: TelegramWorld, ada: User, bob: User) -> None:
    from_bob = await people.client(bob)
    first, last = world.send_text(ada, bob, "1"), world.send_text(ada, bob, "2")
    await from_bob.send_read_acknowledge("ada", max_id=last.ids[bob.id])
    await from_bob.send_read_acknowledge("ada", max_id=first.ids[bob.id])
    assert world.unread(bob) == {}


async def test_updates_go_on_after_reading(people: People, world: TelegramWorld, ada: User, bob: User) -> None:
    from_bob = await people.client(bob)
    heard = listen(from_bob, events.NewMessage)
    for number in range(3):
        world.send_text(ada, bob, str(number))
        await heard.count(number + 1)
        await from_bob.send_read_acknowledge("ada")
    assert len(people.server.calls.of("updates.getDifference")) == 1  # the one of signing in: no gap ever
