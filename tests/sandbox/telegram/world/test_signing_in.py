from __future__ import annotations

import asyncio

import pytest
from people import People, listen
from telethon import TelegramClient, errors, events, functions, types

from jobs.sandbox.telegram.world import TelegramWorld, User

SECRET = "correct horse"


@pytest.fixture
def dora(world: TelegramWorld) -> User:
    """An account with a password on top."""
    return world.add_user("Dora", username="dora", phone="15550004", password_2fa=SECRET, password_hint="a horse")


async def signed_in_by_code(client: TelegramClient, world: TelegramWorld, user: User) -> object:
    assert user.phone is not None
    await client.send_code_request(user.phone)
    return await client.sign_in(user.phone, world.last_code(user.phone))


async def test_a_code_signs_in(people: People, world: TelegramWorld, ada: User) -> None:
    client = await people.client()
    me = await signed_in_by_code(client, world, ada)
    assert me.id == ada.id
    assert await client.is_user_authorized()
    await client.send_message("me", "in")


async def test_updates_flow_after_signing_in(people: People, world: TelegramWorld, ada: User, bob: User) -> None:
    client = await people.client()
    await signed_in_by_code(client, world, ada)
    heard = listen(client, events.NewMessage)
    world.send_text(bob, ada, "welcome")
    [event] = await heard.count(1)
    assert event.raw_text == "welcome"


async def test_the_code_is_also_told_to_devices_that_are_signed_in(
    people: People, world: TelegramWorld, ada: User
) -> None:
    old, new = await people.client(ada), await people.client()
    await old.get_me()
    heard = listen(old, events.NewMessage(from_users=777000))
    sent = await new.send_code_request(ada.phone)
    assert isinstance(sent.type, types.auth.SentCodeTypeApp)
    [event] = await heard.count(1)
    code = world.last_code("+1 555 0001")
    assert code in event.raw_text
    await new.sign_in(ada.phone, code)
    await heard.count(2)
    assert "New login" in heard.events[1].raw_text


async def test_a_first_device_gets_the_code_by_sms(people: People, ada: User) -> None:
    client = await people.client()
    sent = await client.send_code_request(ada.phone)
    assert isinstance(sent.type, types.auth.SentCodeTypeSms)


async def test_wrong_codes_are_refused_and_five_spoil_the_right_one(
    people: People, world: TelegramWorld, ada: User
) -> None:
    client = await people.client()
    await client.send_code_request(ada.phone)
    code = world.last_code(ada.phone)
    wrong = "0" * len(code) if code != "0" * len(code) else "1" * len(code)
    for _ in range(5):
        with pytest.raises(errors.PhoneCodeInvalidError):
            await client.sign_in(ada.phone, wrong)
    with pytest.raises(errors.PhoneCodeExpiredError):
        await client.sign_in(ada.phone, code)
    await signed_in_by_code(client, world, ada)


async def test_a_code_is_good_once_and_for_five_minutes(people: People, world: TelegramWorld, ada: User) -> None:
    client, late = await people.client(), await people.client()
    await client.send_code_request(ada.phone)
    code = world.last_code(ada.phone)
    await client.sign_in(ada.phone, code)
    with pytest.raises(errors.PhoneCodeExpiredError):
        await late.sign_in(ada.phone, code, phone_code_hash=client._phone_code_hash[ada.phone])
    await late.send_code_request(ada.phone)
    real, world.clock = world.clock, lambda: real() + 301
    with pytest.raises(errors.PhoneCodeExpiredError):
        await late.sign_in(ada.phone, world.last_code(ada.phone))


async def test_phones_that_cannot_be_or_are_banned_or_unknown(people: People, world: TelegramWorld, ada: User) -> None:
    client = await people.client()
    with pytest.raises(errors.PhoneNumberInvalidError):
        await client.send_code_request("+12")
    ada.banned = True
    with pytest.raises(errors.PhoneNumberBannedError):
        await client.send_code_request(ada.phone)
    await client.send_code_request("+15559999")
    with pytest.raises(errors.PhoneNumberUnoccupiedError):
        await client.sign_in("+15559999", world.last_code("15559999"))


async def test_wrong_api_credentials_are_refused(people: People, world: TelegramWorld, ada: User) -> None:
    world.settings.api_credentials = {1: "other hash"}
    client = await people.client()
    with pytest.raises(errors.ApiIdInvalidError):
        await client.send_code_request(ada.phone)
    world.settings.api_credentials = {1: "hash"}
    await client.send_code_request(ada.phone)


async def test_a_password_is_asked_for_after_the_code(people: People, world: TelegramWorld, dora: User) -> None:
    client = await people.client()
    with pytest.raises(errors.SessionPasswordNeededError):
        await signed_in_by_code(client, world, dora)
    assert not await client.is_user_authorized()
    asked = await client(functions.account.GetPasswordRequest())
    assert (asked.has_password, asked.hint) == (True, "a horse")
    with pytest.raises(errors.PasswordHashInvalidError):
        await client.sign_in(password="wrong horse")
    assert (await client.sign_in(password=SECRET)).id == dora.id


async def test_telethons_own_start_goes_all_the_way(people: People, world: TelegramWorld, dora: User) -> None:
    client = await people.client()
    await client.start(dora.phone, password=SECRET, code_callback=lambda: world.last_code(dora.phone))
    assert (await client.get_me()).id == dora.id


async def test_a_password_can_be_set_changed_and_removed(people: People, world: TelegramWorld, ada: User) -> None:
    client = await people.client(ada)
    await client.edit_2fa(new_password="one")
    with pytest.raises(errors.PasswordHashInvalidError):
        await client.edit_2fa(current_password="two", new_password="three")
    await client.edit_2fa(current_password="one", new_password="two", hint="after one")
    other = await people.client()
    with pytest.raises(errors.SessionPasswordNeededError):
        await signed_in_by_code(other, world, ada)
    assert (await other.sign_in(password="two")).id == ada.id
    await client.edit_2fa(current_password="two")
    third = await people.client()
    assert (await signed_in_by_code(third, world, ada)).id == ada.id


async def test_a_scanned_qr_code_signs_in(people: People, world: TelegramWorld, ada: User) -> None:
    client = await people.client()
    qr = await client.qr_login()
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(qr.wait(5))
        await asyncio.sleep(0)  # the update must find the waiting handler
        world.accept_qr(qr.url, ada)
    assert waiting.result().id == ada.id
    assert (await client.get_me()).id == ada.id


async def test_a_qr_code_can_be_scanned_with_another_device(people: People, ada: User) -> None:
    phone, client = await people.client(ada), await people.client()
    qr = await client.qr_login()
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(qr.wait(5))
        await phone(functions.auth.AcceptLoginTokenRequest(qr.token))
    assert waiting.result().id == ada.id
    with pytest.raises(errors.AuthTokenInvalidError):
        await phone(functions.auth.AcceptLoginTokenRequest(qr.token))


async def test_a_qr_code_asks_for_the_password_too(people: People, world: TelegramWorld, dora: User) -> None:
    client = await people.client()
    qr = await client.qr_login()
    waiting = asyncio.create_task(qr.wait(5))
    await asyncio.sleep(0)
    world.accept_qr(qr.token, dora)
    with pytest.raises(errors.SessionPasswordNeededError):
        await waiting
    assert (await client.sign_in(password=SECRET)).id == dora.id


async def test_logging_out_ends_this_device_alone(people: People, world: TelegramWorld, ada: User) -> None:
    here, there = await people.client(ada), await people.client(ada)
    await here.get_me()
    await there.get_me()
    assert await here.log_out()
    assert len(world.devices(ada.id)) == 1
    assert await there.is_user_authorized()


async def test_a_device_can_be_signed_out_from_another(people: People, world: TelegramWorld, ada: User) -> None:
    here, there = await people.client(ada, device_model="Home server", auto_reconnect=False), await people.client(ada)
    await here.get_me()
    listed = await there(functions.account.GetAuthorizationsRequest())
    assert {(a.device_model == "Home server", a.current) for a in listed.authorizations} == {
        (True, False),
        (False, True),
    }
    other = next(a for a in listed.authorizations if not a.current)
    dropped = here.disconnected
    await there(functions.account.ResetAuthorizationRequest(other.hash))
    with pytest.raises(asyncio.IncompleteReadError):  # the connection ends in mid-air
        await asyncio.wait_for(dropped, 5)
    await here.connect()
    with pytest.raises(errors.AuthKeyUnregisteredError):
        await here.send_message("me", "still here?")


async def test_all_devices_can_be_signed_out_at_once(people: People, world: TelegramWorld, ada: User) -> None:
    client = await people.client(ada)
    await client.get_me()
    world.sign_out_everywhere(ada)
    with pytest.raises(errors.AuthKeyUnregisteredError):
        await client.send_message("me", "still here?")


async def test_an_account_changes_its_name_and_username(people: People, world: TelegramWorld, ada: User) -> None:
    world.add_user("Robert", username="robert")
    client = await people.client(ada)
    await client(functions.account.UpdateProfileRequest(first_name="Augusta", about="engines"))
    await client(functions.account.UpdateUsernameRequest("countess"))
    me = await client.get_me()
    assert (me.first_name, me.username) == ("Augusta", "countess")
    with pytest.raises(errors.UsernameOccupiedError):
        await client(functions.account.UpdateUsernameRequest("ROBERT"))
    with pytest.raises(errors.UsernameInvalidError):
        await client(functions.account.UpdateUsernameRequest("no spaces"))
    assert not await client(functions.account.CheckUsernameRequest("robert"))
