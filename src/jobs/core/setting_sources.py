"""Where settings come from: the environment, a `.env` file, secrets in files; and what a person hears of all that."""

from __future__ import annotations

import locale
import logging
import os
import re
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values
from dotenv.parser import parse_stream
from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
)

from jobs.core import setting_values as parse
from jobs.core.i18n import Language
from jobs.core.setting_values import BadValueError, SecretFile
from jobs.core.words import settings as words

# It would say of a broken line what `file_problems` says, each time the file is read.
logging.getLogger("dotenv").setLevel(logging.CRITICAL)

ENV_FILE = Path(".env")
SECRETS = ("TG_API_HASH", "ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN", "OPENAI_API_KEY")
"""Each of these may also be given as a file: `ANTHROPIC_API_KEY_FILE=/run/secrets/anthropic`."""


def system_language() -> Language:
    """Russian where the system's locale says so, else English."""
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(variable):
            return "ru" if value.lower().startswith("ru") else "en"
    return "ru" if (locale.getlocale()[0] or "").lower().startswith("ru") else "en"


def console_language(env_file: Path = ENV_FILE) -> Language:
    """The language for a terminal, found without loading the settings: they may be what is wrong."""
    try:
        in_file = dotenv_values(env_file).get("LANGUAGE")
    except (OSError, UnicodeDecodeError):
        in_file = None
    for value in (os.environ.get("LANGUAGE"), in_file):
        match (value or "").strip().lower():
            case "ru":
                return "ru"
            case "en":
                return "en"
            case _:
                continue
    return system_language()


class Environment(EnvSettingsSource):
    """The process environment, less what two of our names say to the system and not to us.

    A LANGUAGE that is gettext's list of locales (`de_DE:en`), and a TZ that is a file or a rule: the machine's zone
    is told from it, where it can be.
    """

    def _load_env_vars(self) -> Mapping[str, str | None]:
        values = dict(super()._load_env_vars())
        wanted = (values.get("language") or "").lower()
        if wanted not in ("en", "ru", "auto") and re.fullmatch(r"[a-z]{2,3}([_.@:-].*)?", wanted):
            del values["language"]
        if _is_for_the_system(values.get("tz") or ""):
            del values["tz"]
        return values


def _is_for_the_system(zone: str) -> bool:
    """Whether this is a zone in one of the forms of POSIX: `:/etc/localtime`, `CET-1CEST,M3.5.0,M10.5.0/3`."""
    if zone.removeprefix(":").startswith("/"):
        return True
    try:
        parse.zone(zone)
    except BadValueError:
        return re.match(r"(<[\w+-]{3,}>|[A-Za-z]{3,})[+-]?[0-9]", zone) is not None
    return False


class SecretFiles(PydanticBaseSettingsSource):
    """Secrets as container platforms hand them over: `NAME_FILE` names a file. `NAME` itself comes first."""

    def __init__(self, settings_cls: type[BaseSettings], *sources: PydanticBaseSettingsSource) -> None:
        super().__init__(settings_cls)
        self._variables: dict[str, str | None] = {}
        for source in reversed(sources):
            if isinstance(source, EnvSettingsSource | DotEnvSettingsSource):
                self._variables.update(source.env_vars)

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[SecretFile | None, str, bool]:
        del field
        path = self._variables.get(f"{field_name}_file") if field_name.upper() in SECRETS else None
        return (SecretFile(Path(path)) if path else None), field_name, False

    def __call__(self) -> dict[str, SecretFile]:
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}


def file_problems(env_file: Path, language: Language) -> dict[str, str]:
    """What is wrong with the text of the `.env` file: unreadable as a whole, or line by line."""
    try:
        with env_file.open(encoding="utf-8") as stream:
            broken = [binding.original for binding in parse_stream(stream) if binding.error]
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        return {str(env_file): words.ENV_FILE_UNREADABLE.say(language, path=env_file, reason=reason)}
    return {
        f"{env_file}:{line.line}": words.ENV_LINE_NOT_UNDERSTOOD.say(language, path=env_file, line=line.line)
        for line in broken
    }


def sentences(error: ValidationError, language: Language) -> dict[str, str]:
    told: dict[str, str] = {}
    for detail in error.errors(include_url=False, include_input=False):
        if detail["type"] == "default_factory_not_called":
            continue  # it would have been derived from a value that is reported itself
        name = str(detail["loc"][0]).upper() if detail["loc"] else ""
        cause = detail.get("ctx", {}).get("error")
        if isinstance(cause, BadValueError):
            told[name] = cause.say(name, language)
        else:
            told[name] = words.NOT_UNDERSTOOD.say(language, name=name)
    return told


class Sourced(BaseSettings):
    """Settings that come from these sources, the first of them before the next."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        del env_settings, file_secret_settings
        environment = Environment(settings_cls)
        return (
            init_settings,
            environment,
            dotenv_settings,
            SecretFiles(settings_cls, environment, dotenv_settings),
        )
