"""The way to the owner when the journal itself refuses: straight to Telegram, rarely."""

from __future__ import annotations

import asyncio
import logging

from jobs.core.clock import Clock
from jobs.core.errors import JobsError
from jobs.core.i18n import Language, Words
from jobs.core.journal.outbox import new_random_id
from jobs.core.rich_text import RichText
from jobs.telegram.client import Telegram

log = logging.getLogger(__name__)

_SEND_SECONDS = 10.0
_REPEAT_SECONDS = 3600.0


class Alarm:
    """Says each of `words.ALARMS` at most once an hour; a failure to say it is logged and nothing more."""

    def __init__(self, telegram: Telegram, clock: Clock, owner_id: int, language: Language) -> None:
        self._telegram = telegram
        self._clock = clock
        self._owner_id = owner_id
        self._language: Language = language
        self._said: dict[Words, float] = {}

    async def __call__(self, sentence: Words) -> None:
        """Tell the owner, past the outbox."""
        now = self._clock.monotonic()
        if now - self._said.get(sentence, -_REPEAT_SECONDS) < _REPEAT_SECONDS:
            return
        self._said[sentence] = now
        try:
            async with asyncio.timeout(_SEND_SECONDS):
                text = RichText(sentence.say(self._language))
                await self._telegram.send(self._owner_id, text, new_random_id(), None)
        except (JobsError, TimeoutError) as error:
            log.warning("The owner could not be told: %s", error)
