"""Takes in what people send: the file to its folder, and what is spoken in it into words."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from pathlib import Path

from jobs.core.messages import SPOKEN, InboundMessage, Taken, Unheard
from jobs.media.speech import NotHeard, Speech
from jobs.media.uploads import NotTaken, Uploads

log = logging.getLogger(__name__)


class Taking:
    """Implements `core.ports.TakeIn`."""

    def __init__(self, uploads: Uploads, speech: Speech) -> None:
        self._uploads = uploads
        self._speech = speech

    async def take(self, message: InboundMessage, pieces: AsyncIterator[bytes], *, of_owner: bool) -> Taken:
        """See the port."""
        try:
            saved = await self._uploads.save(message, pieces, of_owner=of_owner)
        except NotTaken as error:
            log.warning("The file of message %d was not taken in: %s", message.message_id, error.trouble)
            return Taken(trouble=error.trouble)
        speech, unheard = await self._listen(saved.path) if message.attachment in SPOKEN else ("", None)
        return Taken(path=saved.name, size=saved.size, speech=speech, unheard=unheard)

    async def _listen(self, recording: Path) -> tuple[str, Unheard | None]:
        try:
            return await self._speech.heard(recording), None
        except NotHeard as error:
            return "", error.why
