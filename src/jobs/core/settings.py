"""The settings: environment variables and a `.env` file, parsed once, with every problem said at once."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from datetime import time
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self, cast
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import NoDecode, SettingsConfigDict

from jobs.core import setting_values as parse
from jobs.core.errors import ConfigError
from jobs.core.i18n import Language, Words
from jobs.core.media_settings import DEFAULT_TRANSCRIPTION_MODEL, TranscriptionModel, UploadsQuota
from jobs.core.setting_fields import machine_zone, parsed, session_beside_data, setting
from jobs.core.setting_sources import (
    ENV_FILE,
    SECRETS,
    Sourced,
    console_language,
    file_problems,
    sentences,
    system_language,
)
from jobs.core.setting_values import AsItIs, DayHours, Endpoint, TelegramProxy
from jobs.core.update_settings import RELEASES, UpdateRef, UpdateSigners, UpdateSocket, UpdateSource
from jobs.core.words import settings as words

__all__ = ["ENV_FILE", "SECRETS", "Settings", "console_language", "load_settings", "system_language", "variable_name"]

OFFICIAL_PLUGINS = "https://github.com/anthropics/claude-plugins-official.git"
DEFAULT_MODEL = "claude-sonnet-5"
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]


class Settings(Sourced):
    """Everything that can be set, from `load_settings()`. Paths are absolute; 0 and "" mean not set."""

    model_config: ClassVar[SettingsConfigDict] = SettingsConfigDict(
        env_file=ENV_FILE,
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        validate_default=True,
        populate_by_name=True,
    )

    tg_api_id: Annotated[
        int,
        parsed(parse.api_id),
        setting("The number of your Telegram application, from my.telegram.org, “API development tools”.", "1234567"),
    ] = 0
    tg_api_hash: Annotated[
        SecretStr,
        parsed(parse.api_hash),
        setting("The hash that stands beside that number.", "0123456789abcdef0123456789abcdef"),
    ] = SecretStr("")
    tg_user_id: Annotated[
        int,
        parsed(parse.user_id),
        setting(
            "Your own numeric Telegram id: whoever has it is the owner. "
            "The id of the assistant's own account makes Saved Messages the chat with it.",
            "123456789",
        ),
    ] = 0
    anthropic_api_key: Annotated[
        SecretStr | None,
        parsed(parse.anthropic_key),
        setting("Key of the Claude API. Where this and CLAUDE_CODE_OAUTH_TOKEN are both set, this one is used."),
    ] = None
    claude_code_oauth_token: Annotated[
        SecretStr | None,
        parsed(parse.oauth_token),
        setting("Token of a Claude subscription, from `claude setup-token`. Used only without ANTHROPIC_API_KEY."),
    ] = None
    anthropic_base_url: Annotated[
        str,
        parsed(parse.url, schemes=("http", "https"), example="https://api.anthropic.com"),
        setting("Where the Claude API answers.", "https://llm.example.org"),
    ] = "https://api.anthropic.com"
    claude_model: Annotated[str, setting("The model that thinks.", "claude-haiku-4-5")] = DEFAULT_MODEL
    memory_model: Annotated[
        str | None,
        parsed(parse.name_or_off),
        setting(
            "The model that goes through what was said for what is worth keeping; “off”: only what the assistant "
            "itself writes down is remembered.",
            "claude-sonnet-4-5",
        ),
    ] = "claude-haiku-4-5"
    memory_distill_at: Annotated[
        time | None,
        NoDecode,
        parsed(parse.time_of_day),
        setting("When the notes of the day are distilled into MEMORY.md; “off” for never.", "04:15", default="03:30"),
    ] = time(3, 30)
    backup_at: Annotated[
        time | None,
        NoDecode,
        parsed(parse.time_of_day),
        setting("When a backup is made into DATA_DIR/backups each day; “off” for never.", "02:00", default="04:30"),
    ] = time(4, 30)
    backup_keep_days: Annotated[
        int, parsed(parse.whole_number, low=1, high=365), setting("How many days such a backup is kept.", "30")
    ] = 7
    backup_passphrase: Annotated[
        SecretStr | None,
        parsed(parse.passphrase),
        setting("What backups are encrypted with. Without it nothing in them can be read: keep a copy elsewhere."),
    ] = None
    update_source: UpdateSource = ""
    update_ref: UpdateRef = RELEASES
    update_signers: UpdateSigners = None
    update_socket: UpdateSocket = None
    openai_api_key: Annotated[
        SecretStr | None, parsed(parse.secret), setting("Key of the OpenAI API, for voice messages and search.")
    ] = None
    openai_base_url: Annotated[
        str,
        parsed(parse.url, schemes=("http", "https"), example="https://api.openai.com/v1"),
        setting("Where the OpenAI API answers.", "https://speech.example.org/v1"),
    ] = "https://api.openai.com/v1"
    transcription_model: TranscriptionModel = DEFAULT_TRANSCRIPTION_MODEL
    uploads_quota_mb: UploadsQuota = 2048
    embeddings: Annotated[
        Literal["auto", "local", "openai", "none"],
        parsed(parse.choice, choices=("auto", "local", "openai", "none")),
        setting(
            "What finds notes by their meaning: local (a model on this machine; nothing is sent anywhere), openai, "
            "none (notes are found by their words alone) or auto (openai where OPENAI_API_KEY is set, else local).",
            "local",
        ),
    ] = "auto"
    http_proxy: Annotated[
        SecretStr | None,
        parsed(parse.http_proxy),
        setting(
            "Proxy for Claude and OpenAI (not for Telegram). The commands that the assistant runs use it too, "
            "unless it has a password: they are given none then.",
            "http://user:password@10.0.0.1:3128",
        ),
    ] = None
    tg_proxy: Annotated[
        TelegramProxy | None,
        parsed(parse.telegram_proxy),
        setting(
            "Proxy for Telegram: socks5, http, mtproxy (`mtproxy://SECRET@host:port`), or a t.me/proxy link.",
            "socks5://user:password@10.0.0.1:1080",
        ),
    ] = None
    heartbeat_interval_minutes: Annotated[
        int,
        parsed(parse.whole_number, low=0, high=7 * 24 * 60),
        setting("How often it looks by itself whether something is due; 0 switches that off.", "60"),
    ] = 30
    heartbeat_active_hours: Annotated[
        DayHours,
        NoDecode,
        parsed(parse.day_hours),
        setting("In which part of your day it does so. 00:00-24:00 is always.", "07:00-23:30", default="08:00-22:00"),
    ] = DayHours(time(8), time(22))
    plugin_marketplaces: Annotated[
        tuple[str, ...],
        NoDecode,
        parsed(parse.sources),
        setting(
            "Where plugins are looked for: git addresses or folders, separated by commas; “off”: nowhere, unless you "
            "add one in the chat.",
            "https://github.com/anthropics/claude-plugins-official.git,/srv/plugins",
            default="https://github.com/anthropics/claude-plugins-official.git",
        ),
    ] = (OFFICIAL_PLUGINS,)
    webhook_port: Annotated[
        int,
        parsed(parse.port),
        setting("Port on 127.0.0.1 where other programs may call web hooks, for a reverse proxy; 0: none.", "8765"),
    ] = 0
    browser_cdp_url: Annotated[
        str | None,
        parsed(parse.url, schemes=("http", "https", "ws", "wss"), example="http://browser:9223", off=True),
        setting(
            "Where the browser's DevTools answer; “off”: it has no browser. What is never reached costs nothing.",
            "http://127.0.0.1:9223",
        ),
    ] = "http://browser:9223"
    browser_vnc_url: Annotated[
        str,
        parsed(parse.url, schemes=("http", "https"), example="http://127.0.0.1:6080/vnc.html"),
        setting(
            "Where you open the browser's picture: you are sent this address when you have to log in somewhere.",
            "https://browser.example.org/vnc.html",
        ),
    ] = "http://127.0.0.1:6080/vnc.html?autoconnect=true&resize=scale"
    browser_downloads_dir: Annotated[
        Path, parsed(parse.folder), setting("Where what the browser downloads can be read.", "/srv/downloads")
    ] = Path("/browser-downloads")
    mcp_registry_url: Annotated[
        str,
        parsed(parse.url, schemes=("http", "https"), example="https://registry.modelcontextprotocol.io"),
        setting("The registry in which MCP servers are looked for.", "https://registry.example.org"),
    ] = "https://registry.modelcontextprotocol.io"
    npm_config_registry: Annotated[
        str | None,
        parsed(parse.url, schemes=("http", "https"), example="https://npm.example.org"),
        setting("Where npm fetches MCP servers, instead of its own registry.", "https://npm.example.org"),
    ] = None
    pip_index_url: Annotated[
        str | None,
        parsed(parse.url, schemes=("http", "https"), example="https://pypi.example.org/simple"),
        setting("Where pip fetches MCP servers, instead of PyPI.", "https://pypi.example.org/simple"),
    ] = None
    query_timeout_seconds: Annotated[
        int,
        parsed(parse.whole_number, low=1),
        setting(
            "An answer that shows no sign of life for so many seconds is interrupted. "
            "A tool at work is a sign of life for up to an hour.",
            "600",
        ),
    ] = 300
    external_policy: Annotated[
        Literal["open", "contacts", "tasks", "ask", "closed"],
        parsed(parse.choice, choices=("open", "contacts", "tasks", "ask", "closed")),
        setting(
            "Who may talk to it beside you: open (anyone), contacts, tasks (people with an open errand), ask (you are "
            "asked once about each stranger) or closed. In your own account it is always tasks.",
            "tasks",
        ),
    ] = "ask"
    external_messages_per_hour: Annotated[
        int,
        parsed(parse.whole_number, low=0),
        setting("How many messages of one person are answered in an hour; the rest wait.", "10"),
    ] = 30
    external_daily_usd: Annotated[
        float,
        parsed(parse.dollars),
        setting("How many dollars the conversation with one person may cost in a day.", "0.50"),
    ] = 1.0
    first_contacts_per_day: Annotated[
        int,
        parsed(parse.whole_number, low=0),
        setting("To how many people who never wrote it may write first in 24 hours.", "5"),
    ] = 10
    approvals: Annotated[
        Literal["off", "guarded", "all"],
        parsed(parse.choice, choices=("off", "guarded", "all")),
        setting(
            "When you are asked before it acts: guarded (where other people's words are in play), all (also before "
            "every command and message of your own conversation) or off (never). See docs/security.md.",
            "all",
        ),
    ] = "guarded"
    max_live_sessions: Annotated[
        int,
        parsed(parse.whole_number, low=2),
        setting("How many Claude processes run at once, about 200 MB each; other conversations take turns.", "4"),
    ] = 6
    timezone: Annotated[
        ZoneInfo, parsed(parse.zone), setting("Your time zone.", "Europe/Berlin", default="the machine's")
    ] = Field(default_factory=machine_zone, validation_alias="TZ")
    language: Annotated[
        Literal["en", "ru", "auto"],
        parsed(parse.choice, choices=("en", "ru", "auto")),
        setting("The language it speaks to you: en, ru, or auto (that of your Telegram app).", "ru"),
    ] = "auto"
    data_dir: Annotated[Path, parsed(parse.folder), setting("The folder of its state.", "/data", default="./data")] = (
        Path("data")
    )
    workspace_dir: Annotated[
        Path,
        parsed(parse.folder),
        setting(
            "The folder it works in, with its memory as Markdown. "
            "Its CLAUDE.md and .claude are read, those of the folders above are not.",
            "/workspace",
            default="./workspace",
        ),
    ] = Path("workspace")
    tg_session_path: Annotated[
        Path,
        parsed(parse.session_file),
        setting(
            "The file that keeps it signed in to Telegram. One that already exists is used as it is.",
            "/data/assistant.session",
            default="DATA_DIR/telethon.session",
        ),
    ] = Field(default_factory=session_beside_data)
    tg_server: Annotated[
        Endpoint | None,
        parsed(parse.endpoint),
        setting("Telegram server to sign in at instead of the real one (a test data centre).", "149.154.167.40:443"),
    ] = None
    tg_server_key: Annotated[
        Path | None,
        parsed(parse.server_key),
        setting("File with that server's RSA public key (PEM).", "/data/test-dc.pem"),
    ] = None
    log_level: Annotated[
        LogLevel,
        parsed(parse.choice, choices=("DEBUG", "INFO", "WARNING", "ERROR")),
        setting("How much it writes to its log: DEBUG, INFO, WARNING or ERROR.", "DEBUG"),
    ] = "INFO"

    @classmethod
    def load(cls, env_file: Path = ENV_FILE) -> Self:
        """Read environment and `env_file`; raises ConfigError with one sentence for every wrong value.

        What is merely not set yet is no error here: see `missing` and `require_complete()`.
        """
        settings, problems = cls.load_what_works(env_file)
        if problems:
            raise ConfigError(*problems.values())
        return settings

    @classmethod
    def load_what_works(cls, env_file: Path = ENV_FILE) -> tuple[Self, dict[str, str]]:
        """The settings with defaults in place of wrong values, and a sentence for each variable that is wrong."""
        language = console_language(env_file)
        problems = file_problems(env_file, language)
        readable = None if str(env_file) in problems else env_file
        try:
            return cls(_env_file=readable), problems  # pyright: ignore[reportCallIssue]
        except ValidationError as error:
            wrong = sentences(error, language)
        defaults = {name: _default(name) for name in wrong}
        return cls(_env_file=readable, **defaults), problems | wrong  # pyright: ignore[reportCallIssue, reportArgumentType]

    @property
    def missing(self) -> tuple[str, ...]:
        """The variables that must be set before it can start and are not; empty when nothing is missing."""
        return tuple(self._missing())

    @property
    def unconfigured(self) -> bool:
        """Whether nothing at all has been set up yet (as opposed to a part)."""
        return len(self.missing) == len(_REQUIRED)

    @property
    def console_language(self) -> Language:
        """The language outside Telegram, where `auto` means the system's locale."""
        return system_language() if self.language == "auto" else self.language

    def require_complete(self) -> None:
        """Raises ConfigError with a sentence for all that is missing to start, the sign-in included."""
        language = self.console_language
        problems = self.missing_sentences(language)
        if not self.tg_session_path.exists():
            problems.append(words.MISSING_SESSION.say(language, path=self.tg_session_path))
        if problems:
            raise ConfigError(*problems)

    def missing_sentences(self, language: Language, *, but: Collection[str] = ()) -> list[str]:
        """What is missing, and where to get it: a sentence for each variable that is not among `but`."""
        return [sentence.say(language) for name, sentence in self._missing().items() if name not in but]

    def _missing(self) -> dict[str, Words]:
        present = {
            "TG_API_ID": bool(self.tg_api_id),
            "TG_API_HASH": bool(self.tg_api_hash.get_secret_value()),
            "TG_USER_ID": bool(self.tg_user_id),
            "ANTHROPIC_API_KEY": bool(self.anthropic_api_key or self.claude_code_oauth_token),
        }
        return {name: sentence for name, sentence in _REQUIRED.items() if not present[name]}


_REQUIRED = {
    "TG_API_ID": words.MISSING_TG_API_ID,
    "TG_API_HASH": words.MISSING_TG_API_HASH,
    "TG_USER_ID": words.MISSING_TG_USER_ID,
    "ANTHROPIC_API_KEY": words.MISSING_CLAUDE,
}


def load_settings(env_file: Path = ENV_FILE) -> Settings:
    """`Settings.load()`: raises ConfigError with every problem at once."""
    return Settings.load(env_file)


def variable_name(field: str) -> str:
    """The environment variable of a field of Settings."""
    alias = Settings.model_fields[field].validation_alias
    return alias if isinstance(alias, str) else field.upper()


def _default(variable: str) -> AsItIs:
    by_variable = {variable_name(name): field for name, field in Settings.model_fields.items()}
    field = by_variable[variable]
    value = cast("object", field.get_default(call_default_factory=True, validated_data={"data_dir": "data"}))
    with suppress(FileNotFoundError):  # the current folder may have been deleted
        value = value.absolute() if isinstance(value, Path) else value
    return AsItIs(value)
