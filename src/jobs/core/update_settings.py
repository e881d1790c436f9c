"""The settings of updates: where new versions come from, and who has to have signed them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from jobs.core import setting_values as parse
from jobs.core.setting_fields import parsed, setting
from jobs.core.words import settings as words

RELEASES = "release"
"""The newest tag like v1.2.3, as opposed to a branch."""
_SOURCE = re.compile(r"(https|http|ssh|git|file)://[^\s\x00-\x1f]+|[\w.-]+@[\w.-]+:[^\s\x00-\x1f]+|/[^\x00-\x1f]*")
_REF = re.compile(r"[A-Za-z0-9_](?!.*\.\.)[A-Za-z0-9._/+-]{0,199}")


def _source(value: object) -> object:
    text = str(value).strip()
    if text and _SOURCE.fullmatch(text) is None:
        raise parse.BadValueError(words.UPDATE_SOURCE)
    return text


def _file(value: object) -> object:
    return Path(value).expanduser().resolve() if isinstance(value, str) else value


def _ref(value: object) -> object:
    text = str(value).strip()
    if _REF.fullmatch(text) is None:
        raise parse.BadValueError(words.UPDATE_REF)
    return text


UpdateSource = Annotated[
    str,
    parsed(_source),
    setting(
        "Where new versions come from: a git address or a folder. Without it, where this checkout came from.",
        "https://git.example.org/jobs.git",
    ),
]
UpdateRef = Annotated[
    str,
    parsed(_ref),
    setting("What it is updated to: “release” (the newest tag like v1.2.3) or the name of a branch.", "main"),
]
UpdateSocket = Annotated[
    Path | None,
    parsed(_file),
    setting(
        "In a container: the socket of the updater on the machine below (docs/update.md). Without it, `/update` says "
        "what to run there.",
        "/run/jobs-updater/socket",
    ),
]
UpdateSigners = Annotated[
    Path | None,
    parsed(_file),
    setting(
        "Who may sign new versions: a file in the format of ssh-keygen's ALLOWED SIGNERS. With it, nothing else is "
        "installed.",
        "/etc/jobs/allowed_signers",
    ),
]
