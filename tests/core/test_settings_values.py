"""The forms in which people write addresses, proxies and files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import time
from pathlib import Path

import pytest

from jobs.core import setting_values as parse
from jobs.core.setting_values import BadValueError, DayHours, TelegramProxy

SECRET = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("text", "proxy"),
    [
        ("socks5://10.0.0.1:1080", TelegramProxy("socks5", "10.0.0.1", 1080)),
        ("socks5h://u:p@host:1080", TelegramProxy("socks5", "host", 1080, "u", "p")),
        ("http://u:p%3Aq@host:3128", TelegramProxy("http", "host", 3128, "u", "p:q")),
        (f"mtproxy://{SECRET}@host:443", TelegramProxy("mtproxy", "host", 443, secret=SECRET)),
        (f"mtproxy://dd{SECRET}@host:443", TelegramProxy("mtproxy", "host", 443, secret=SECRET)),
        (
            f"https://t.me/proxy?server=host&port=443&secret=DD{SECRET}",
            TelegramProxy("mtproxy", "host", 443, secret=SECRET),
        ),
        (f"tg://proxy?server=host&port=443&secret={SECRET}", TelegramProxy("mtproxy", "host", 443, secret=SECRET)),
        ("https://t.me/socks?server=host&port=1080&user=u&pass=p", TelegramProxy("socks5", "host", 1080, "u", "p")),
    ],
)
def test_a_telegram_proxy_is_understood_in_every_form_that_people_share(text: str, proxy: TelegramProxy) -> None:
    assert parse.telegram_proxy(text) == proxy


@pytest.mark.parametrize(
    "text",
    [
        "10.0.0.1:1080",
        "socks5://host",
        "socks4://host:1",
        "socks5://host:99999",
        "mtproxy://host:443",
        f"mtproxy://{SECRET[:-1]}@host:443",
        "https://t.me/proxy?server=host&secret=x",
        "https://t.me/joinchat?server=host&port=1",
        "http://[::1",
        "",
    ],
)
def test_a_telegram_proxy_in_no_known_form_is_refused(text: str) -> None:
    with pytest.raises(BadValueError):
        parse.telegram_proxy(text)


def test_a_fake_tls_secret_is_refused_with_its_own_reason() -> None:
    with pytest.raises(BadValueError) as caught:
        parse.telegram_proxy(f"mtproxy://ee{SECRET}676f6f676c652e636f6d@host:443")
    assert "hides as TLS" in caught.value.say("TG_PROXY", "en")


@pytest.mark.parametrize("text", ["localhost:443", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "::1:443", "1.2.3:4"])
def test_a_server_is_an_ipv4_address_with_a_port(text: str) -> None:
    with pytest.raises(BadValueError):
        parse.endpoint(text)


def test_a_session_file_is_named_as_telethon_will_name_it(tmp_path: Path) -> None:
    assert parse.session_file(str(tmp_path / "me")) == tmp_path / "me.session"
    assert parse.session_file(str(tmp_path / "me.session")) == tmp_path / "me.session"
    assert parse.session_file(str(tmp_path / "my.account")) == tmp_path / "my.account.session"


def test_a_home_folder_may_be_written_with_a_tilde() -> None:
    assert parse.folder("~/jobs-data") == Path.home() / "jobs-data"


@contextmanager
def without_rights() -> Iterator[None]:
    """As a user who may not look into what is closed: root may."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.mark.parametrize("parser", [parse.folder, parse.session_file, parse.server_key])
def test_a_place_that_may_not_be_looked_into_is_refused_with_a_reason(
    parser: Callable[[object], object], tmp_path: Path
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    with without_rights(), pytest.raises(BadValueError) as caught:
        parser(str(closed / "inside"))
    assert str(closed / "inside") in caught.value.say("X", "en")


def test_a_folder_that_may_not_be_entered_is_refused_with_a_reason(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    with without_rights(), pytest.raises(BadValueError) as caught:
        parse.folder(str(closed))
    assert "Permission denied" in caught.value.say("DATA_DIR", "en")


@pytest.mark.parametrize("text", ["", "../../etc/passwd", "Europe", "Europe/Berlin\n/etc", "x" * 300, "/etc/localtime"])
def test_a_zone_that_is_none_is_refused_and_not_a_crash(text: str) -> None:
    with pytest.raises(BadValueError):
        parse.zone(text)


@pytest.mark.parametrize("text", ["1e3", "1_000", "٣", "0x10", " ", "9" * 19])
def test_a_whole_number_is_plain_digits(text: str) -> None:
    with pytest.raises(BadValueError):
        parse.whole_number(text, low=0)


@pytest.mark.parametrize("text", ["0", "-1", "12a", "2147483648", "79991234567", SECRET, " "])
def test_the_number_of_an_application_is_one_that_telegram_can_have(text: str) -> None:
    assert parse.api_id("2147483647") == 2147483647
    with pytest.raises(BadValueError) as caught:
        parse.api_id(text)
    assert SECRET not in caught.value.say("TG_API_ID", "en")


def test_a_key_with_a_letter_of_another_alphabet_is_refused() -> None:
    with pytest.raises(BadValueError):
        parse.anthropic_key("sk-аnt-api03-x")  # the а is Cyrillic


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("08:00-22:00", ["08:00", "21:59"], ["07:59", "22:00", "00:00"]),
        (" 7:30 – 24:00 ", ["07:30", "23:59"], ["00:00", "07:29"]),
        ("22:00-06:00", ["22:00", "23:59", "00:00", "05:59"], ["06:00", "21:59"]),
        ("00:00-24:00", ["00:00", "12:00", "23:59"], []),
    ],
)
def test_a_part_of_the_day_holds_its_beginning_and_not_its_end(
    text: str, inside: list[str], outside: list[str]
) -> None:
    hours = parse.day_hours(text)
    assert isinstance(hours, DayHours)
    covered = {moment: hours.covers(time.fromisoformat(moment)) for moment in inside + outside}
    assert covered == dict.fromkeys(inside, True) | dict.fromkeys(outside, False)


@pytest.mark.parametrize("text", ["8-22", "25:00-26:00", "08:00", "08:60-22:00", "always", "24:00-08:00", " "])
def test_what_is_no_part_of_the_day_is_refused(text: str) -> None:
    with pytest.raises(BadValueError):
        parse.day_hours(text)


def test_a_number_that_has_an_end_is_refused_beyond_it() -> None:
    assert parse.whole_number("10080", low=0, high=10080) == 10080
    with pytest.raises(BadValueError):
        parse.whole_number("10081", low=0, high=10080)


def test_a_time_of_day_may_be_none_and_is_refused_when_it_is_no_time() -> None:
    assert parse.time_of_day(" 03:30 ") == time(3, 30)
    assert parse.time_of_day("off") is None
    for text in ("3", "24:00", "night", "03:30:10", ""):
        with pytest.raises(BadValueError):
            parse.time_of_day(text)
