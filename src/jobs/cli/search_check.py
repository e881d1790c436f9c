"""Whether notes can be found by their meaning, and which cannot be found at all."""

from __future__ import annotations

import asyncio

from jobs.cli.checks import Finding
from jobs.core.i18n import Language
from jobs.core.settings import Settings
from jobs.core.words import cli as words
from jobs.memory.embeddings import EmbeddingsFailed, check_local, chosen, make_embedder
from jobs.memory.notes import Notes


class NotesSearch:
    """A real embedding of one word where that is quickly done, and a look at every file of notes."""

    def __init__(self, settings: Settings, language: Language) -> None:
        self._settings = settings
        self._language: Language = language

    async def check(self) -> Finding:
        meaning = await self._meaning()
        skipped = await asyncio.to_thread(self._skipped)
        if not skipped or not meaning.ok:
            return meaning
        detail = f"{meaning.detail}; {words.NOTES_SKIPPED.say(self._language, which=', '.join(skipped))}"
        return Finding(False, detail, words.NOTES_SKIPPED_REMEDY.say(self._language))

    async def _meaning(self) -> Finding:
        language, choice = self._language, chosen(self._settings)
        embedder = make_embedder(self._settings)
        if embedder is None:
            return Finding(True, words.SEARCH_BY_WORDS.say(language))
        try:
            # To make the model takes longer than a check may.
            if choice == "openai" or await asyncio.to_thread(check_local, self._settings):
                await embedder.embed(["doctor"], "query")
        except EmbeddingsFailed as error:
            remedy = words.SEARCH_OPENAI_REMEDY if choice == "openai" else words.SEARCH_LOCAL_REMEDY
            return Finding(False, words.SEARCH_BAD.say(language, reason=error), remedy.say(language))
        finally:
            await embedder.close()
        return Finding(True, (words.SEARCH_OPENAI if choice == "openai" else words.SEARCH_LOCAL).say(language))

    def _skipped(self) -> list[str]:
        notes = Notes(self._settings.workspace_dir)
        for file in notes.files().values():
            notes.read(file)
        return sorted(notes.problems)
