from __future__ import annotations

import pytest
from people import People, listen
from telethon import errors, events, functions, types

from jobs.sandbox.telegram.world import TelegramWorld, User


async def test_history_can_be_walked_both_ways_and_from_any_point(
    people: People, world: TelegramWorld, ada: User, bob: User
) -> None:
    client = await people.client(ada)
    sent = [world.send_text(ada, bob, str(n)) for n in range(250)]
    ids = [message.ids[ada.id] for message in sent]
    assert [m.id async for m in client.iter_messages("bob", wait_time=0)] == ids[::-1]
    assert [m.id async for m in client.iter_messages("bob", reverse=True, wait_time=0)] == ids
    assert [m.id async for m in client.iter_messages("bob", offset_id=ids[100], limit=3)] == ids[99:96:-1]
    assert [m.id async for m in client.iter_messages("bob", min_id=ids[246], wait_time=0)] == ids[:246:-1]
    assert [m.id async for m in client.iter_messages("bob", min_id=ids[10], reverse=True, limit=2)] == ids[11:13]
    assert (await client.get_messages("bob", limit=0)).total == 250


async def test_messages_are_found_by_id_and_the_missing_are_none(
    people: People, world: TelegramWorld, ada: User, bob: User, eve: User
) -> None:
    client = await people.client(ada)
    here, elsewhere = world.send_text(ada, bob, "here"), world.send_text(ada, eve, "elsewhere")
    found = await client.get_messages("bob", ids=[here.ids[ada.id], 999_999, elsewhere.ids[ada.id]])
    assert [m and m.raw_text for m in found] == ["here", None, None]


async def test_search_finds_by_the_beginnings_of_words(
    people: People, world: TelegramWorld, ada: User, bob: User
) -> None:
    client = await people.client(ada)
    for text in ("Good morning, Bob", "evening", "mornings are good"):
        world.send_text(ada, bob, text)
    found = [m.raw_text async for m in client.iter_messages("bob", search="good morn")]
    assert found == ["mornings are good", "Good morning, Bob"]
    assert [m async for m in client.iter_messages("bob", search="orning")] == []
    links = client.iter_messages("bob", filter=types.InputMessagesFilterUrl)
    assert [m async for m in links] == []


async def test_search_everywhere_looks_into_every_chat(
    people: People, world: TelegramWorld, ada: User, bob: User, eve: User
) -> None:
    client = await people.client(ada)
    for number in range(120):
        world.send_text(ada, bob if number % 2 else eve, f"word {number}")
    world.send_text(bob, eve, "word between others")
    found = [m.raw_text async for m in client.iter_messages(None, search="word", wait_time=0)]
    assert sorted(found) == sorted(f"word {n}" for n in range(120))


async def test_dialogs_come_with_the_latest_first_and_pinned_before_all(
    people: People, world: TelegramWorld, ada: User, bob: User, eve: User
) -> None:
    client = await people.client(ada)
    world.send_text(bob, ada, "first")
    world.send_text(eve, ada, "second")
    assert [d.name for d in await client.get_dialogs()] == ["Eve", "Bob"]
    pin = functions.messages.ToggleDialogPinRequest(await client.get_input_entity("bob"), pinned=True)
    await client(pin)
    dialogs = await client.get_dialogs()
    assert [(d.name, d.pinned, d.message.raw_text) for d in dialogs] == [
        ("Bob", True, "first"),
        ("Eve", False, "second"),
    ]


async def test_many_dialogs_are_listed_page_by_page(people: People, world: TelegramWorld, ada: User) -> None:
    client = await people.client(ada)
    others = [world.add_user(f"Friend {n}") for n in range(130)]
    for other in others:
        world.send_text(other, ada, "hi")
    names = [d.name async for d in client.iter_dialogs()]
    assert names == [other.first_name for other in reversed(others)]
    assert (await client.get_dialogs(limit=0)).total == 130


async def test_a_draft_is_kept_and_told_to_other_devices(people: People, ada: User, bob: User) -> None:
    here, there = await people.client(ada), await people.client(ada)
    heard = listen(there, events.Raw(types.UpdateDraftMessage))
    await here.send_message("bob", "hi")
    await here(functions.messages.SaveDraftRequest("bob", "half a th"))
    [update] = await heard.count(1)
    assert update.draft.message == "half a th"
    [draft] = await there.get_drafts()
    assert (draft.raw_text, draft.entity.id) == ("half a th", bob.id)
    await here.send_message("bob", "half a thought", clear_draft=True)
    await heard.count(2)
    assert await there.get_drafts() == []


async def test_usernames_and_phones_lead_to_accounts(people: People, ada: User, bob: User) -> None:
    client = await people.client(ada)
    assert (await client.get_entity("@BOB")).id == bob.id
    resolved = await client(functions.contacts.ResolvePhoneRequest("+1 555-0002"))
    assert resolved.users[0].id == bob.id
    with pytest.raises(ValueError, match="nobody_here"):
        await client.get_entity("nobody_here")
    with pytest.raises(errors.UsernameNotOccupiedError):
        await client(functions.contacts.ResolveUsernameRequest("nobody_here"))


async def test_an_account_knows_itself_and_a_phone_is_for_friends(
    people: People, world: TelegramWorld, ada: User, bob: User
) -> None:
    world.add_user("Cleo", username="cleo", phone="15550009", contact_of=[ada])
    client = await people.client(ada)
    me = await client.get_me()
    assert (me.id, me.is_self, me.username, me.phone, me.lang_code) == (ada.id, True, "ada", "15550001", "en")
    assert (await client.get_entity("bob")).phone is None
    assert (await client.get_entity("cleo")).phone == "15550009"
    full = await client(functions.users.GetFullUserRequest("bob"))
    assert full.full_user.id == bob.id


async def test_a_key_of_nobody_is_not_signed_in(people: People) -> None:
    client = await people.client()
    assert await client.get_me() is None
    assert not await client.is_user_authorized()


async def test_a_request_the_world_does_not_know_is_refused_by_name(people: People, ada: User) -> None:
    client = await people.client(ada)
    with pytest.raises(errors.BadRequestError, match="GetAllStickersRequest"):
        await client(functions.messages.GetAllStickersRequest(0))
