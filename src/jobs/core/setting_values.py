"""What a setting's text may be, and the typed value it becomes. Parsers raise `BadValueError`."""

from __future__ import annotations

import errno
import ipaddress
import os
import re
import stat
from dataclasses import dataclass, field
from datetime import datetime, time
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jobs.core.i18n import Language, Words
from jobs.core.words import settings as words


class BadValueError(ValueError):
    """Why a value cannot work: a sentence that still waits for the variable's name and the language."""

    def __init__(self, sentence: Words, **values: object) -> None:
        super().__init__(sentence.en)
        self._sentence = sentence
        self._values = values

    def say(self, name: str, language: Language) -> str:
        return self._sentence.say(language, name=name, **self._values)


@dataclass(frozen=True, slots=True)
class AsItIs:
    """A value in place of a wrong one: it is not looked at once more."""

    value: object


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server's IPv4 address and port."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class DayHours:
    """A part of every day, which may reach over midnight; equal ends mean all of it."""

    start: time
    end: time

    def covers(self, moment: time) -> bool:
        """Whether a wall clock time lies in it; its end does not."""
        if self.start < self.end:
            return self.start <= moment < self.end
        return moment >= self.start or moment < self.end


@dataclass(frozen=True, slots=True)
class TelegramProxy:
    """The way to Telegram through somebody else's machine; `secret` belongs to mtproxy alone."""

    kind: Literal["socks5", "http", "mtproxy"]
    host: str
    port: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class SecretFile:
    """The file a secret is to be read from; the parsers of secrets read it."""

    path: Path

    def read(self) -> str:
        try:
            text = self.path.expanduser().read_text(encoding="utf-8").strip()
        except OSError as error:
            raise self._unreadable(error.strerror) from None
        except UnicodeDecodeError:
            raise self._unreadable("not text") from None
        except RuntimeError:
            raise self._unreadable("no such home folder") from None
        if not text:
            raise BadValueError(words.SECRET_FILE_EMPTY, path=self.path)
        return text

    def _unreadable(self, reason: str | None) -> BadValueError:
        return BadValueError(words.SECRET_FILE_UNREADABLE, path=without_secrets(str(self.path)), reason=reason)


_LIKE_A_SECRET = re.compile(r"(?=[\w-]*[0-9])(?=[\w-]*[a-zA-Z])[\w-]{20,}")


def without_secrets(text: str) -> str:
    """A wrong value to show: what may be a key that was put into the wrong line is left out."""
    return _LIKE_A_SECRET.sub("•••", text)


def without_user(address: str) -> str:
    """An address to show, less the user and the password that it may have."""
    return re.sub(r"(?<=://)[^/?#]*@", "", address)


def secret(value: object) -> object:
    text = value.read() if isinstance(value, SecretFile) else value
    if isinstance(text, str):
        text = text.strip()
        if not re.fullmatch(r"[\x21-\x7e]*", text):
            raise BadValueError(words.SECRET_HAS_SPACES)
    return text


def passphrase(value: object) -> object:
    """Any line, whatever is in it; the spaces around it are not part of it."""
    text = value.read() if isinstance(value, SecretFile) else value
    return text.strip() or None if isinstance(text, str) else text


def anthropic_key(value: object) -> object:
    text = secret(value)
    if isinstance(text, str) and text.startswith("sk-ant-oat"):
        raise BadValueError(words.KEY_IS_TOKEN)
    return text


def oauth_token(value: object) -> object:
    text = secret(value)
    if isinstance(text, str) and text.startswith("sk-ant-api"):
        raise BadValueError(words.TOKEN_IS_KEY)
    return text


def api_hash(value: object) -> object:
    text = secret(value)
    if isinstance(text, str) and text and not re.fullmatch(r"[0-9a-fA-F]{32}", text):
        raise BadValueError(words.BAD_API_HASH)
    return text


def api_id(value: object) -> object:
    """The number of an application, which travels in 32 bits."""
    if not isinstance(value, str):
        return value
    if not re.fullmatch(r"[0-9]{1,10}", value.strip()) or not 0 < int(value) < 2**31:
        raise BadValueError(words.BAD_API_ID)  # without the value: it may be the hash
    return int(value)


def whole_number(value: object, *, low: int, high: int | None = None) -> object:
    if isinstance(value, str):
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", value.strip(), re.ASCII):
            raise BadValueError(words.NOT_A_WHOLE_NUMBER, value=without_secrets(value))
        value = int(value)
    if isinstance(value, int) and value < low:
        raise BadValueError(words.OUT_OF_RANGE, low=low, value=value)
    if isinstance(value, int) and high is not None and value > high:
        raise BadValueError(words.TOO_LARGE, high=high, value=value)
    return value


def port(value: object) -> object:
    """The port of a server of ours; 0 for none."""
    number = whole_number(value, low=0)
    if isinstance(number, int) and number > 65535:
        raise BadValueError(words.BAD_PORT, value=number)
    return number


def dollars(value: object) -> object:
    """An amount of US dollars, 0 or more."""
    if isinstance(value, str):
        if not re.fullmatch(r"[0-9]{1,6}([.,][0-9]{1,4})?", value.strip(), re.ASCII):
            raise BadValueError(words.NOT_DOLLARS, value=value)
        return float(value.strip().replace(",", "."))
    return value


def day_hours(value: object) -> object:
    """A part of the day such as 08:00-22:00."""
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"(\d{1,2}):(\d\d)\s*[-–]\s*(\d{1,2}):(\d\d)", value.strip(), re.ASCII)
    try:
        if match is None:
            raise ValueError(value)
        first, second, third, fourth = map(int, match.groups())
        end = time(0, 0) if (third, fourth) == (24, 0) else time(third, fourth)
        return DayHours(time(first, second), end)
    except ValueError:
        raise BadValueError(words.NOT_DAY_HOURS, value=without_secrets(value)) from None


def name_or_off(value: object) -> object:
    """A name; None for "off"."""
    return None if isinstance(value, str) and value.strip().casefold() == "off" else value


def sources(value: object) -> object:
    """Git addresses and folders, separated by commas; none for "off". Folders become absolute."""
    if not isinstance(value, str):
        return value
    if value.strip().casefold() == "off":
        return ()
    parts = [part.strip() for part in value.split(",")]
    return tuple(part if "://" in part else str(_resolved(part)) for part in parts if part)


def time_of_day(value: object) -> object:
    """A time such as 03:30; None for "off"."""
    if not isinstance(value, str):
        return value
    text = value.strip().casefold()
    if text == "off":
        return None
    try:
        return datetime.strptime(text, "%H:%M").time()
    except ValueError:
        raise BadValueError(words.NOT_A_TIME, value=without_secrets(value)) from None


def user_id(value: object) -> object:
    """A person's id: positive. Channels and groups have negative ones."""
    if isinstance(value, str):
        if not re.fullmatch(r"[0-9]{1,18}", value.strip(), re.ASCII):
            raise BadValueError(words.NOT_A_NUMERIC_ID)
        return int(value)
    return value


def url(value: object, *, schemes: tuple[str, ...], example: str, off: bool = False) -> object:
    """An address with one of `schemes`, without a trailing slash; where `off` is allowed, None for "off"."""
    value = name_or_off(value) if off else value
    if not isinstance(value, str):
        return value
    problem = BadValueError(words.BAD_URL, schemes=" / ".join(f"{scheme}://" for scheme in schemes), example=example)
    try:
        parts = urlsplit(value.strip())
        _ = parts.port  # raises for a port that is none
    except ValueError:
        raise problem from None
    if parts.scheme not in schemes or not parts.hostname or re.search(r"\s", value.strip()):
        raise problem
    return value.strip().rstrip("/")


def http_proxy(value: object) -> object:
    if isinstance(value, str) and "://" not in value:
        value = f"http://{value}"  # curl and its like accept a bare host:port here
    return url(value, schemes=("http", "https"), example="http://10.0.0.1:3128")


def telegram_proxy(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return _parse_proxy(value.strip())
    except BadValueError:
        raise
    except (ValueError, KeyError):
        raise BadValueError(words.BAD_TG_PROXY) from None


def _parse_proxy(text: str) -> TelegramProxy:
    parts = urlsplit(text)
    if parts.scheme == "tg" or parts.hostname in ("t.me", "telegram.me"):
        return _parse_proxy_link(parts.netloc if parts.scheme == "tg" else parts.path.strip("/"), parts.query)
    if parts.hostname is None or parts.port is None:
        raise ValueError(text)
    username = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    match parts.scheme:
        case "socks5" | "socks5h":
            return TelegramProxy("socks5", parts.hostname, parts.port, username, password)
        case "http":
            return TelegramProxy("http", parts.hostname, parts.port, username, password)
        case "mtproxy":
            return TelegramProxy("mtproxy", parts.hostname, parts.port, secret=_proxy_secret(username or ""))
        case _:
            raise ValueError(parts.scheme)


def _parse_proxy_link(kind: str, query: str) -> TelegramProxy:
    """A link as Telegram's apps share it: t.me/proxy?…, t.me/socks?…, tg://proxy?…"""
    values = {key: found[0] for key, found in parse_qs(query).items()}
    host, port = values["server"], int(values["port"])
    if kind == "socks":
        return TelegramProxy("socks5", host, port, values.get("user"), values.get("pass"))
    if kind != "proxy":
        raise ValueError(kind)
    return TelegramProxy("mtproxy", host, port, secret=_proxy_secret(values["secret"]))


def _proxy_secret(text: str) -> str:
    """The 32 hexadecimal characters that Telethon wants, out of a plain or a dd-secret."""
    text = text.lower()
    if text.startswith("ee") and len(text) > 32:
        raise BadValueError(words.FAKE_TLS_SECRET)
    text = text[2:] if text.startswith("dd") and len(text) == 34 else text
    if not re.fullmatch(r"[0-9a-f]{32}", text):
        raise BadValueError(words.BAD_MTPROXY_SECRET)
    return text


def endpoint(value: object) -> object:
    if not isinstance(value, str):
        return value
    host, _, port = value.strip().rpartition(":")
    try:
        address = str(ipaddress.IPv4Address(host))
        number = int(port)
    except ValueError:
        raise BadValueError(words.BAD_ENDPOINT) from None
    if not 0 < number < 65536:
        raise BadValueError(words.BAD_ENDPOINT)
    return Endpoint(address, number)


def server_key(value: object) -> object:
    """A file with an RSA public key in PEM (PKCS#1), as Telegram publishes its own."""
    if not isinstance(value, str | Path):
        return value
    path = _resolved(value)
    try:
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        text = ""
    if "-----BEGIN RSA PUBLIC KEY-----" not in text or "-----END RSA PUBLIC KEY-----" not in text:
        raise BadValueError(words.BAD_SERVER_KEY, path=path)
    return path


def zone(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return ZoneInfo(value.strip().removeprefix(":"))  # POSIX lets TZ start with a colon
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadValueError(words.BAD_ZONE, value=without_secrets(value)) from None


def choice(value: object, *, choices: tuple[str, ...]) -> object:
    """One of `choices`, in whatever case it was written."""
    if not isinstance(value, str):
        return value
    for known in choices:
        if value.strip().lower() == known.lower():
            return known
    raise BadValueError(words.NOT_ONE_OF, choices=", ".join(choices), value=without_secrets(value))


def folder(value: object) -> object:
    if not isinstance(value, str | Path):
        return value
    path = _resolved(value)
    mode = _mode(path)
    if mode and not stat.S_ISDIR(mode):
        raise BadValueError(words.FOLDER_IS_FILE, path=path)
    if mode and not os.access(path, os.X_OK):
        raise BadValueError(words.PATH_UNUSABLE, path=path, reason=os.strerror(errno.EACCES))
    return path


def session_file(value: object) -> object:
    """The file as Telethon will name it: it appends .session where that is missing."""
    if not isinstance(value, str):
        return value
    path = _resolved(value)
    path = path if path.suffix == ".session" else path.with_name(f"{path.name}.session")
    if stat.S_ISDIR(_mode(path)):
        raise BadValueError(words.SESSION_IS_FOLDER, path=path)
    return path


def _resolved(value: str | Path) -> Path:
    try:
        path = Path(value).expanduser()
    except RuntimeError:
        raise BadValueError(words.UNKNOWN_HOME, path=value) from None
    try:
        return path.resolve()
    except FileNotFoundError:
        raise BadValueError(words.STARTED_NOWHERE, path=value) from None
    except (OSError, RuntimeError):  # links that lead in a circle
        raise BadValueError(words.PATH_UNUSABLE, path=value, reason=os.strerror(errno.ELOOP)) from None


def _mode(path: Path) -> int:
    """What kind of thing is there; 0 for nothing."""
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise BadValueError(words.PATH_UNUSABLE, path=path, reason=error.strerror) from None
