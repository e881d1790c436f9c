"""`jobs setup` as a person goes through it, at a real terminal, against a Telegram and a Claude on loopback."""

from __future__ import annotations

import stat

import pytest
from jobs_command import API_HASH
from person import at_terminal
from setup_steps import (
    PHONE,
    TOKEN,
    Place,
    connects_claude,
    keeps_telegram,
    make_data_folder,
    names_the_application,
    names_the_owner,
    signs_in_by_code,
)

from jobs.sandbox.claude import API_KEY
from jobs.sandbox.telegram.faults import Refuse


async def test_from_nothing_to_a_complete_setup_by_phone_and_code(place: Place) -> None:
    async with at_terminal(place.jobs, "setup") as person:
        await names_the_application(person)
        await person.answers("Which account", "1")
        await person.answers("sign that account in", "1")
        await person.answers("Its phone number", PHONE)
        await person.answers("The code", lambda: place.world.last_code(PHONE))
        await person.sees(f"✓ Signed in as Ada (id {place.assistant.id}).")
        await names_the_owner(person)
        await connects_claude(person)
        await person.answers("such as Europe/Berlin", "Europe/Berlin")
        await person.sees("Everything is set")
        assert await person.leaves_with() == 0
    assert place.env == {
        "LANGUAGE": "en",
        "TG_API_ID": "12345",
        "TG_API_HASH": API_HASH,
        "TG_USER_ID": str(place.owner.id),
        "ANTHROPIC_API_KEY": API_KEY,
        "TZ": "Europe/Berlin",
    }
    assert stat.S_IMODE(place.jobs.env_file.stat().st_mode) == 0o600
    assert place.signed_in()
    assert (await place.jobs("doctor")).out.startswith("✓ settings")


async def test_no_secret_is_shown_while_it_is_typed(place: Place) -> None:
    place.assistant = place.world.add_user("Eve", phone="15550102", password_2fa="correct horse")
    async with at_terminal(place.jobs, "setup") as person:
        await names_the_application(person)
        await person.answers("Which account", "2")
        await person.answers("sign that account in", "1")
        await person.answers("Its phone number", "+15550102")
        await person.answers("The code", lambda: place.world.last_code("15550102"))
        await person.answers("Two-step verification password", "correct horse")
        await person.sees("✓ Signed in as Eve")
        await connects_claude(person)
        await person.answers("such as Europe/Berlin", "")
        assert await person.leaves_with() == 0
    for secret in (API_HASH, API_KEY, "correct horse"):
        assert secret not in person.screen


async def test_wrong_answers_for_telegram_are_told_and_asked_again(place: Place) -> None:
    place.assistant = place.world.add_user("Eve", phone="15550102", password_2fa="right", password_hint="left?")
    async with at_terminal(place.jobs, "setup") as person:
        await person.answers("Language", "7")
        await person.sees("a number from 1 to 3")
        await person.answers("Your choice", "1")
        await person.answers("api_id", "12a45")
        await person.sees("must be the whole number")
        await person.answers("api_id", "79991234567")
        await person.sees("must be the whole number")
        await person.answers("api_id", "99999")
        await person.answers("api_hash (not shown", "short")
        await person.sees("copy it again")
        await person.answers("api_hash (not shown", API_HASH)
        await person.sees("Telegram does not know this api_id")
        await person.answers("api_id", "12345")
        await person.answers("api_hash (not shown", "")
        await person.sees("✓ Telegram knows this application.")
        await person.answers("Which account", "1")
        await person.answers("sign that account in", "1")
        await person.answers("Its phone number", "12")
        await person.sees("country code")
        await person.answers("Its phone number", "+15550102")
        await person.answers("The code", "no digits")
        await person.sees("That is not the code")
        await person.answers("The code", "")
        await person.sees("That is not the code")
        await person.answers("The code", lambda: "-".join(place.world.last_code("15550102")))
        await person.sees("Its hint: left?")
        await person.answers("Two-step verification password", "wrong")
        await person.sees("not the two-step verification password")
        await person.answers("Two-step verification password", "right")
        await person.sees("✓ Signed in as Eve")
    assert place.env["TG_API_ID"] == "12345"


async def test_wrong_answers_for_the_rest_are_told_and_asked_again(place: Place) -> None:
    place.telegram.create_session_file(make_data_folder(place.jobs) / "telethon.session", place.assistant.id)
    async with at_terminal(place.jobs, "setup") as person:
        await names_the_application(person)
        await person.answers("Keep this account?", "perhaps")
        await person.sees("Please answer y or n.")
        await person.answers("Keep this account?", "y")
        for nobody in ("@nobody_at_all", "9" * 40):
            await person.answers("Your @username", nobody)
            await person.sees(f"Nobody is found under {nobody}")
        await names_the_owner(person)
        await person.answers("How do you pay", "1")
        await person.answers("API key (not shown", TOKEN)
        await person.sees("holds an OAuth token")
        await person.answers("API key (not shown", "sk-ant-api03-revoked")
        await person.sees("Claude refuses it (HTTP 401)")
        await person.answers("API key (not shown", API_KEY)
        await person.sees("✓ Claude accepts it.")
        await person.answers("such as Europe/Berlin", "Mars/Olympus")
        await person.sees("must be a time zone")
        await person.answers("such as Europe/Berlin", "Asia/Tbilisi")
        assert await person.leaves_with() == 0
    assert place.env["TZ"] == "Asia/Tbilisi"


async def test_an_expired_code_is_replaced_by_a_new_one(place: Place) -> None:
    place.telegram.faults.add(Refuse(400, "PHONE_CODE_EXPIRED"), on="auth.signIn", times=1)
    async with at_terminal(place.jobs, "setup") as person:
        await names_the_application(person)
        await person.answers("Which account", "1")
        await person.answers("sign that account in", "1")
        await person.answers("Its phone number", PHONE)
        await person.answers("The code", lambda: place.world.last_code(PHONE))
        await person.sees("no longer valid")
        await person.answers("The code", lambda: place.world.last_code(PHONE))
        await person.sees("✓ Signed in as Ada")


async def test_signing_in_by_qr_renews_the_code_until_it_is_scanned(place: Place) -> None:
    place.world.settings.login_token_seconds = 1
    async with at_terminal(place.jobs, "setup") as person:
        await names_the_application(person)
        await person.answers("Which account", "1")
        await person.answers("sign that account in", "2")
        await person.sees("Link Desktop Device")
        first = await person.sees_code()
        second = await person.sees_code()
        assert first != second
        place.world.settings.login_token_seconds = 30
        place.world.accept_qr(await person.sees_code(), place.assistant)
        await person.sees("✓ Signed in as Ada")
        await names_the_owner(person)
    assert place.signed_in()


async def test_a_qr_code_of_an_account_with_a_password_asks_for_it(place: Place) -> None:
    eve = place.world.add_user("Eve", password_2fa="correct horse")
    async with at_terminal(place.jobs, "setup") as person:
        await names_the_application(person)
        await person.answers("Which account", "1")
        await person.answers("sign that account in", "2")
        place.world.accept_qr(await person.sees_code(), eve)
        await person.answers("Two-step verification password", "correct horse")
        await person.sees("✓ Signed in as Eve")


async def test_the_owners_own_account_means_saved_messages(place: Place) -> None:
    async with at_terminal(place.jobs, "setup") as person:
        await names_the_application(person)
        await person.answers("Which account", "2")
        await person.answers("sign that account in", "1")
        await person.answers("Its phone number", PHONE)
        await person.answers("The code", lambda: place.world.last_code(PHONE))
        await person.sees("write to the assistant in Saved Messages")
    assert place.env["TG_USER_ID"] == str(place.assistant.id)


async def test_ctrl_c_half_way_keeps_what_was_answered_and_the_next_run_goes_on(place: Place) -> None:
    async with at_terminal(place.jobs, "setup") as person:
        await names_the_application(person)
        await signs_in_by_code(person, place)
        await person.sees("Your @username")
        assert await person.presses_ctrl_c() == 130
        await person.sees("Stopped. What you answered is kept")
        assert "Traceback" not in person.screen
    assert place.signed_in()
    async with at_terminal(place.jobs, "setup") as person:
        await person.answers("Language", "")
        await person.answers("api_id [12345]", "")
        await person.answers("[kept, Enter leaves it]", "")
        await person.sees("Signed in as Ada")
        await person.answers("Keep this account?", "")
        await names_the_owner(person)
        await connects_claude(person)
        await person.answers("such as Europe/Berlin", "")
        assert await person.leaves_with() == 0
    assert len(place.telegram.links(place.assistant.id)) == 1


async def test_a_sign_in_that_telegram_has_forgotten_is_made_anew(place: Place) -> None:
    path = make_data_folder(place.jobs) / "telethon.session"
    place.telegram.forget_key(place.telegram.create_session_file(path, place.assistant.id))
    async with at_terminal(place.jobs, "setup") as person:
        await names_the_application(person)
        await signs_in_by_code(person, place)
        await person.sees("Signed in as Ada")
        assert await person.presses_ctrl_c() == 130
    assert place.signed_in()


@pytest.mark.parametrize("step", ["The code", "Link Desktop Device", "not shown while you type"])
async def test_a_sign_in_that_is_given_up_leaves_the_one_before_and_no_rest(place: Place, step: str) -> None:
    data = place.jobs.folder / "data"
    data.mkdir()
    place.telegram.create_session_file(data / "telethon.session", place.assistant.id)
    before = (data / "telethon.session").read_bytes()
    eve = place.world.add_user("Eve", phone="15550102", password_2fa="right")
    async with at_terminal(place.jobs, "setup") as person:
        await names_the_application(person)
        await person.answers("Keep this account?", "n")
        await person.answers("Which account", "1")
        await person.answers("sign that account in", "2" if step == "Link Desktop Device" else "1")
        if step != "Link Desktop Device":
            await person.answers("Its phone number", "+15550102")
        if step == "not shown while you type":
            await person.answers("The code", lambda: place.world.last_code("15550102"))
        await person.sees(step)
        assert await person.presses_ctrl_c() == 130
    assert (data / "telethon.session").read_bytes() == before
    assert [path.name for path in data.iterdir()] == ["telethon.session"]
    assert place.telegram.links(eve.id) == []


async def test_what_setup_does_not_ask_about_stays_in_the_file(place: Place) -> None:
    place.jobs.env_file.write_text("# mine\nCLAUDE_MODEL=claude-haiku-4-5 # cheap\nTG_API_ID=1\nOTHER='kept'\n")
    async with at_terminal(place.jobs, "setup") as person:
        await names_the_application(person)
    assert place.jobs.env_file.read_text() == (
        "# mine\nCLAUDE_MODEL=claude-haiku-4-5 # cheap\nTG_API_ID=12345\nOTHER='kept'\n"
        f"LANGUAGE=en\nTG_API_HASH={API_HASH}\n"
    )


async def test_changing_to_a_subscription_token_takes_the_api_key_out_of_the_way(place: Place) -> None:
    place.telegram.create_session_file(make_data_folder(place.jobs) / "telethon.session", place.assistant.id)
    place.jobs.write_env(
        LANGUAGE="en", TG_API_ID="12345", TG_API_HASH=API_HASH, TG_USER_ID="7", ANTHROPIC_API_KEY=API_KEY, TZ="UTC"
    )
    async with at_terminal(place.jobs, "setup") as person:
        await keeps_telegram(person)
        await person.answers("How do you pay", "2")
        await person.sees("_bundled/claude setup-token")
        await person.answers("Token (not shown", TOKEN)
        await person.sees("✓ Claude accepts it.")
        await person.answers("such as Europe/Berlin", "")
        assert await person.leaves_with() == 0
    assert (place.env["ANTHROPIC_API_KEY"], place.env["CLAUDE_CODE_OAUTH_TOKEN"]) == ("", TOKEN)


async def test_in_russian_everything_is_russian(place: Place) -> None:
    async with at_terminal(place.jobs, "setup") as person:
        await person.answers("Язык", "2")
        await person.answers("api_id", "12345")
        await person.answers("api_hash (при вводе не виден", API_HASH)
        await person.sees("✓ Telegram знает это приложение.")
        await person.answers("Каким аккаунтом", "1")
        await person.answers("Как войти", "1")
        await person.answers("Номер телефона", PHONE)
        await person.answers("Код", lambda: place.world.last_code(PHONE))
        await person.sees("✓ Вход выполнен: Ada")
        await person.answers("Ваш @username", "@olga")
        await person.answers("Это вы?", "да")
        await person.sees("Как вы платите")
    assert place.env["LANGUAGE"] == "ru"


async def test_without_a_terminal_the_answers_can_come_through_a_pipe(place: Place) -> None:
    place.telegram.create_session_file(make_data_folder(place.jobs) / "telethon.session", place.assistant.id)
    typed = f"1\n12345\n{API_HASH}\ny\n@olga\ny\n1\n{API_KEY}\nUTC\n"
    outcome = await place.jobs("setup", typed=typed)
    assert outcome.code == 0, outcome.out + outcome.err
    assert place.env["TG_USER_ID"] == str(place.owner.id)
    cut_short = await place.jobs("setup", typed="1\n")
    assert cut_short.code == 1
    assert "Stopped. What you answered is kept" in cut_short.out
    assert "Traceback" not in cut_short.err


async def test_in_a_container_the_browser_gets_a_password_once_and_the_right_command_is_told(place: Place) -> None:
    data = make_data_folder(place.jobs)
    place.telegram.create_session_file(data / "telethon.session", place.assistant.id)
    kept = data / "browser-password"
    kept.mkdir()  # what Docker makes of a file that is not there yet
    place.jobs.environment |= {"VNC_PASSWORD_FILE": str(kept), "JOBS_START": "docker compose up -d"}
    async with at_terminal(place.jobs, "setup") as person:
        await names_the_application(person)
        await person.answers("Keep this account?", "y")
        await names_the_owner(person)
        await connects_claude(person)
        await person.answers("such as Europe/Berlin", "Europe/Berlin")
        await person.sees("`docker compose up -d` starts Jobs")
    password = kept.read_text().strip()
    assert len(password) == 8
    assert f"this password: {password}" in person.screen
    assert stat.S_IMODE(kept.stat().st_mode) == 0o644
    async with at_terminal(place.jobs, "setup") as person:
        await person.answers("Language", "")
        await person.answers("api_id [12345]", "")
        await person.answers("[kept, Enter leaves it]", "")
        await person.answers("Keep this account?", "y")
        await person.answers("Your @username", "")
        await person.answers("How do you pay", "")
        await person.answers("[kept, Enter leaves it]", "")
        await person.answers("such as", "")
        await person.sees("Everything is set")
    assert "this password" not in person.screen
    assert kept.read_text().strip() == password
