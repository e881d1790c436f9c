"""How a setting is declared: what parses it, and what its documentation says."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

import tzlocal
from pydantic import BeforeValidator
from pydantic.fields import FieldInfo

from jobs.core.setting_values import AsItIs


def parsed(parser: Callable[..., object], **options: object) -> BeforeValidator:
    def parse_unless_fixed(value: object) -> object:
        return value.value if isinstance(value, AsItIs) else parser(value, **options)

    return BeforeValidator(parse_unless_fixed)


def machine_zone() -> ZoneInfo:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a machine without a zone is in UTC, and that is fine
        try:
            return ZoneInfo(tzlocal.get_localzone_name())
        except (LookupError, ValueError, OSError, TypeError):
            return ZoneInfo("UTC")


def session_beside_data(fields: Mapping[str, object]) -> Path:
    return Path(str(fields["data_dir"])) / "telethon.session"


def setting(about: str, example: str = "", default: str = "") -> FieldInfo:
    """What docs/settings.md says of a variable; `default` where the code's own would not read well."""
    return FieldInfo(description=about, examples=[example] if example else [], json_schema_extra={"default": default})
