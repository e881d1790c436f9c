"""The Telegram part of `jobs setup`: the application, the account that the assistant uses, and its owner."""

from __future__ import annotations

import io
import sys

import segno
from anyio.from_thread import BlockingPortal, start_blocking_portal

from jobs.cli.answers import Answers
from jobs.cli.terminal import Terminal
from jobs.core import setting_values as parse
from jobs.core.health import HEALTH_SOCKET, ask_health
from jobs.core.setting_values import BadValueError
from jobs.core.settings import Settings
from jobs.core.words import setup as words
from jobs.telegram import auth
from jobs.telegram.auth import Account, CodeSent, CodeWay, PasswordNeeded, SignIn
from jobs.telegram.session_file import copy_session, fresh_session, open_session

_CODE_SENT = {
    CodeWay.APP: words.CODE_BY_APP,
    CodeWay.SMS: words.CODE_BY_SMS,
    CodeWay.CALL: words.CODE_BY_CALL,
    CodeWay.EMAIL: words.CODE_BY_EMAIL,
    CodeWay.OTHER: words.CODE_SOMEHOW,
}


def set_up_telegram(terminal: Terminal, answers: Answers) -> None:
    """Raises SignInError where Telegram does not let us go on."""
    # Telegram's connection lives in a thread of its own: questions may block this one for minutes,
    # and Ctrl+C reaches them at once.
    with start_blocking_portal() as portal:
        _ask_app(terminal, answers, portal)
        terminal.say(words.ACCOUNT_SECTION)
        if portal.call(ask_health, answers.settings.data_dir / HEALTH_SOCKET):
            terminal.say(words.JOBS_IS_RUNNING)
            return
        is_mine = _choose_account(terminal, answers, portal)
        _ask_owner(terminal, answers, portal, is_mine=is_mine)


def _ask_app(terminal: Terminal, answers: Answers, portal: BlockingPortal) -> None:
    terminal.say(words.APP_SECTION)
    id_fixed, hash_fixed = answers.fixed("TG_API_ID"), answers.fixed("TG_API_HASH")
    while True:
        if not id_fixed:
            current = str(answers.settings.tg_api_id or "")
            answers.save(TG_API_ID=answers.ask("TG_API_ID", words.API_ID, parse.api_id, default=current))
        if not hash_fixed:
            answers.save(TG_API_HASH=answers.ask_secret("TG_API_HASH", words.API_HASH, parse.api_hash))
        terminal.say(words.CHECKING_TELEGRAM)
        settings = answers.settings
        try:
            with portal.wrap_async_context_manager(auth.connected(settings, fresh_session(settings))) as telegram:
                portal.call(telegram.check_app)
        except auth.WrongApp as error:
            if id_fixed and hash_fixed:
                raise
            print(error.say(terminal.language))
        else:
            terminal.say(words.APP_GOOD)
            return


def _choose_account(terminal: Terminal, answers: Answers, portal: BlockingPortal) -> bool:
    """Have an account signed in; whether it was said to be the owner's own."""
    settings = answers.settings
    account = _signed_in_already(settings, portal)
    if account and terminal.confirm(words.STILL_SIGNED_IN, name=account.name, id=account.id):
        return False
    is_mine = bool(terminal.choose(words.WHOSE_ACCOUNT, (words.OWN_ACCOUNT, words.MY_ACCOUNT)))
    by_qr = bool(terminal.choose(words.HOW_TO_SIGN_IN, (words.BY_CODE, words.BY_QR)))
    # In a file of its own until it worked: a sign-in that is given up must not cost the one before.
    beside = settings.tg_session_path.with_name(f"new-{settings.tg_session_path.name}")
    beside.unlink(missing_ok=True)
    try:
        session = open_session(settings, beside)
        with portal.wrap_async_context_manager(auth.connected(settings, session)) as telegram:
            step = _by_qr(terminal, portal, telegram) if by_qr else _by_phone(terminal, portal, telegram)
            account = _with_password(terminal, portal, telegram, step)
        beside.replace(settings.tg_session_path)
    finally:
        beside.unlink(missing_ok=True)
    terminal.say(words.SIGNED_IN, name=account.name, id=account.id)
    return is_mine


def _signed_in_already(settings: Settings, portal: BlockingPortal) -> Account | None:
    session = copy_session(settings.tg_session_path)
    if session is None:
        return None
    try:
        with portal.wrap_async_context_manager(auth.connected(settings, session)) as telegram:
            return portal.call(telegram.account)
    except auth.Forgotten:
        return None


def _by_phone(terminal: Terminal, portal: BlockingPortal, telegram: SignIn) -> Account | PasswordNeeded:
    while True:
        try:
            sent = portal.call(telegram.request_code, terminal.ask(words.PHONE))
        except auth.WrongNumber as error:
            print(error.say(terminal.language))
            continue
        while True:
            terminal.say(_CODE_SENT[sent.way])
            try:
                return _by_code(terminal, portal, telegram, sent)
            except auth.CodeExpired as error:
                print(error.say(terminal.language))
                sent = portal.call(telegram.request_code, sent.phone)


def _by_code(terminal: Terminal, portal: BlockingPortal, telegram: SignIn, sent: CodeSent) -> Account | PasswordNeeded:
    while True:
        try:
            return portal.call(telegram.enter_code, sent, terminal.ask(words.CODE))
        except auth.WrongCode as error:
            print(error.say(terminal.language))


def _by_qr(terminal: Terminal, portal: BlockingPortal, telegram: SignIn) -> Account | PasswordNeeded:
    terminal.say(words.SCAN)
    drawn = 0

    def show(url: str) -> None:
        nonlocal drawn
        buffer = io.StringIO()
        segno.make(url, error="l", micro=False).terminal(buffer, border=2, compact=True)
        picture = buffer.getvalue()
        if sys.stdout.isatty():
            # White on black whatever the theme: phones do not read a code with its colours swapped.
            picture = "".join(f"\x1b[97;40m{line}\x1b[0m\n" for line in picture.splitlines())
            if drawn:  # the new one takes the place of the expired one
                picture = f"\x1b[{drawn}F\x1b[J{picture}"
        print(f"{picture}\n{url}", flush=True)
        drawn = picture.count("\n") + 2

    return portal.call(telegram.by_qr, show)


def _with_password(
    terminal: Terminal, portal: BlockingPortal, telegram: SignIn, step: Account | PasswordNeeded
) -> Account:
    if isinstance(step, Account):
        return step
    if step.hint:
        terminal.say(words.PASSWORD_HINT, hint=step.hint)
    while True:
        try:
            return portal.call(telegram.enter_password, terminal.ask_secret(words.PASSWORD))
        except auth.WrongPassword as error:
            print(error.say(terminal.language))


def _ask_owner(terminal: Terminal, answers: Answers, portal: BlockingPortal, *, is_mine: bool) -> None:
    terminal.say(words.OWNER_SECTION)
    settings = answers.settings
    session = copy_session(settings.tg_session_path)
    if session is None or answers.fixed("TG_USER_ID"):
        return
    with portal.wrap_async_context_manager(auth.connected(settings, session)) as telegram:
        account = portal.call(telegram.account)
        if account is None:
            return
        owner = account.id if is_mine else _find_owner(terminal, answers, portal, telegram, account)
    answers.save(TG_USER_ID=str(owner))
    if owner == account.id:
        terminal.say(words.OWNER_IS_ACCOUNT, name=account.name, id=account.id)


def _find_owner(
    terminal: Terminal, answers: Answers, portal: BlockingPortal, telegram: SignIn, account: Account
) -> int:
    current = str(answers.settings.tg_user_id or "")
    while True:
        name = terminal.ask(words.OWNER_NAME, default=current)
        if not name:
            continue
        found = portal.call(telegram.find, name)
        if found is None and _is_id(name):
            if name == current or terminal.confirm(words.OWNER_UNSEEN, default=False, id=name):
                return int(name)
        elif found is None:
            terminal.say(words.OWNER_NOT_FOUND, name=name)
        elif terminal.confirm(
            words.OWNER_IS_SAME if found.id == account.id else words.OWNER_FOUND, name=found.name, id=found.id
        ):
            return found.id


def _is_id(text: str) -> bool:
    try:
        parse.user_id(text)
    except BadValueError:
        return False
    return True
