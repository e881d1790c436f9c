"""The settings of what people send: what hears it, and how much of it is kept."""

from __future__ import annotations

from typing import Annotated

from jobs.core import setting_values as parse
from jobs.core.setting_fields import parsed, setting

DEFAULT_TRANSCRIPTION_MODEL = "gpt-4o-mini-transcribe"

TranscriptionModel = Annotated[
    str,
    setting("The model of the OpenAI API that hears voice and video messages (docs/files.md).", "whisper-1"),
]
UploadsQuota = Annotated[
    int,
    parsed(parse.whole_number, low=1),
    setting(
        "How many megabytes the files may take that you and others send (WORKSPACE_DIR/uploads). When they are full, "
        "you are told, and nothing is deleted.",
        "10240",
    ),
]
