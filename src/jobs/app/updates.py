"""`/update`: looks for a new version, asks the owner, has it prepared in a process of its own, and starts anew."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import cast

from pydantic import BaseModel, TypeAdapter, ValidationError

from jobs.app.image_update import ImageUpdate
from jobs.backup.problems import BackupError
from jobs.core.database import Transaction
from jobs.core.errors import StorageError
from jobs.core.i18n import Language, Phrase, Words
from jobs.core.journal import InboxRow, Journal
from jobs.core.process_tree import kill_marked, kill_tree
from jobs.core.rich_text import pieces, quoted
from jobs.core.settings import Settings
from jobs.core.words import updating as words
from jobs.tools.approvals import Approvals
from jobs.updating.checkout import CODE, MARK
from jobs.updating.described import changes, there_is
from jobs.updating.launch import marks
from jobs.updating.problems import UpdateError
from jobs.updating.source import Candidate
from jobs.updating.state import Releases, State

log = logging.getLogger(__name__)

_PATIENCE = 120
"""Seconds that a restart waits for answers that are being written."""
_LOOK_SECONDS = 0.5
_PAUSE_AFTER_FAILURE = 5.0
_LINE_BYTES = 1 << 20


class _Line(BaseModel):
    """What `jobs update --lines` says."""

    kind: str
    en: str = ""
    ru: str = ""
    candidate: Candidate | None = None
    current: str = ""


_TOLD = TypeAdapter(_Line)
_OUTCOMES = {"updated": words.UPDATED, "returned": words.RETURNED, "rolled_back": words.ROLLED_BACK}


class Updates:
    """One at a time. `environment`: what this process was started with; `restart`: start it anew once it has ended."""

    def __init__(
        self,
        settings: Settings,
        journal: Journal,
        approvals: Approvals,
        language: Language,
        *,
        environment: Mapping[str, str],
        restart: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._journal = journal
        self._approvals = approvals
        self._language: Language = language
        self._environment = environment
        self._restart = restart
        self._releases = Releases(settings.data_dir)
        self._image = ImageUpdate(settings, self._releases) if settings.update_socket else None
        self._allowed = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None
        self._preparing = False
        approvals.settle_update = self._settled

    async def look(self, row: InboxRow) -> None:
        """/update: the answer comes when it is known; a start meanwhile looks once more."""
        if self._preparing or (self._looking is not None and not self._looking.done()):
            await self._journal.reply(row.id, row.message.chat_id, pieces(words.BUSY.say(self._language)))
            return
        await self._tell(words.LOOKING, once=f"looking {row.id}")
        self._looking = asyncio.create_task(self._look(row), name="looking for an update")

    async def run(self) -> None:
        """Tell how the last update ended, and prepare what the owner allows, until cancelled."""
        await asyncio.to_thread(kill_marked, MARK, str(self._settings.data_dir))  # what a run that was killed left
        try:
            while True:
                try:
                    await self._tell_outcome()
                    if (about := await self._approvals.allowed_update()) is not None:
                        await self._install(about)
                except (StorageError, UpdateError):
                    log.exception("An update could not be looked after; it is tried again")
                    await asyncio.sleep(_PAUSE_AFTER_FAILURE)
                    continue
                self._allowed.clear()
                await self._allowed.wait()
        finally:
            if self._looking is not None:
                self._looking.cancel()
                await asyncio.gather(self._looking, return_exceptions=True)

    async def _settled(self, tx: Transaction, about: str, granted: bool) -> None:
        sentence = words.BEGINS if granted else words.DECLINED
        version = about.split()[1]
        text = pieces(sentence.say(self._language, version=version))
        for part in text:
            await self._journal.outbox.add(tx, self._settings.tg_user_id, part, "notice")
        self._allowed.set()

    async def _look(self, row: InboxRow) -> None:
        answer = ""
        try:
            async for line in self._said("--check") if self._image is None else _asked(self._image):
                if line.candidate is not None:
                    await self._ask(line.candidate, line.current)
                elif line.kind == "failed":
                    answer = words.FAILED.say(self._language, reason=self._of(line))
                else:
                    answer = self._of(line)
            await self._journal.reply(row.id, row.message.chat_id, pieces(answer) if answer else ())
        except StorageError:
            log.exception("/update could not be answered; the next start answers it")

    async def _ask(self, candidate: Candidate, current: str) -> None:
        def text(time: str) -> str:
            return words.ASK_CHAT.say(
                self._language,
                there_is=there_is(candidate, current, self._language),
                changes=quoted(changes(candidate, self._language)),
                time=time,
            )

        await self._approvals.ask_about_update(text, f"{candidate.commit} {candidate.version} {candidate.ref}")

    async def _install(self, allowed: str) -> None:
        commit, version, ref = allowed.split()
        failure, ready, self._preparing = "", False, True
        try:
            if self._image is not None:
                await self._hand_over(self._image, commit, version, ref)
                return
            if (await self._state()).current.commit != commit:
                async for line in self._said("--yes", "--to", commit):
                    failure = self._of(line) if line.kind == "failed" else failure
                    ready = ready or line.kind == "ready"
                if not ready:
                    await self._tell(words.FAILED, once=f"failed {time.time()}", reason=failure)
            await self._approvals.update_is_over()
            if ready:
                await self._tell(words.SWITCHING, once=f"switching {time.time()}", version=version)
                await self._quiet()
                self._restart()
                os.kill(os.getpid(), signal.SIGTERM)
        finally:
            self._preparing = False

    async def _hand_over(self, image: ImageUpdate, commit: str, version: str, ref: str) -> None:
        """Have the image replaced: when that goes well, this process ends meanwhile."""

        async def built() -> None:
            await self._approvals.update_is_over()
            await self._tell(words.SWITCHING, once=f"switching {time.time()}", version=version)
            await self._quiet()

        try:
            await image.replace(commit, version, ref, built)
        except (UpdateError, BackupError) as error:
            await self._tell(words.FAILED, once=f"failed {time.time()}", reason=error.say(self._language))
        await self._approvals.update_is_over()
        await self._tell_outcome()

    async def _state(self) -> State:
        return await asyncio.to_thread(self._releases.now)  # which may ask git

    async def _quiet(self) -> None:
        """Wait for the answers that are being written, but not for ever: they are begun anew after a restart."""
        for _ in range(_PATIENCE):
            async with self._journal.database.transaction() as tx:
                if await self._journal.inbox.nothing_is_answered(tx):
                    return
            await asyncio.sleep(1)

    async def _said(self, *options: str) -> AsyncGenerator[_Line]:
        """What `jobs update` says; it ends with us."""
        try:
            current = (await self._state()).current
        except UpdateError as error:
            yield _Line(kind="failed", en=error.say("en"), ru=error.say("ru"))
            return
        environment = {**self._environment, **marks(current.name), MARK: str(self._settings.data_dir)}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "jobs", "update", "--lines", *options, env=environment, limit=_LINE_BYTES,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        assert process.stdout is not None  # noqa: S101 - a pipe
        try:
            ended = False
            async for text in process.stdout:
                try:
                    line = _TOLD.validate_json(text)
                except ValidationError:
                    log.warning("Not understood of an update: %s", text[:300])
                    continue
                ended = line.kind == "failed"
                yield line
            if await process.wait() and not ended:
                why = {"reason": Phrase(words.EXIT_CODE, code=process.returncode)}
                yield _Line(kind="failed", en=words.BROKE_OFF.say("en", **why), ru=words.BROKE_OFF.say("ru", **why))
        finally:
            if process.returncode is None:
                kill_tree(process.pid)
                await process.wait()

    async def _tell_outcome(self) -> None:
        """How the last update ended; while it is being watched over, that is not known yet."""
        while (state := await self._state()).phase in ("trying", "proving"):  # noqa: ASYNC110 - a file
            await asyncio.sleep(_LOOK_SECONDS)
        if state.current.name and self._releases.path(state.current).resolve() != CODE:
            gone = {"version": state.current.version, "path": str(self._releases.path(state.current))}
            await self._tell(words.RELEASE_GONE, once=f"gone {state.current.name}", **gone)
        outcome = state.outcome if self._image is None else await self._image.outcome(state)
        if outcome is None:
            return
        why = words.REASONS.get(outcome.why) or words.UPDATER.get(outcome.why)
        reason = why.say(self._language, detail=outcome.detail) if why else ""
        values = {"version": outcome.version, "other": outcome.other, "reason": reason}
        replaced = self._image is not None and outcome.kind == "updated"
        sentence = words.UPDATED_IMAGE if replaced else _OUTCOMES[outcome.kind]
        await self._tell(sentence, once=f"{outcome.at}", **values)
        if outcome.forgetful:
            await self._tell(words.FORGETFUL, once=f"forgetful {outcome.at}")
        await asyncio.to_thread(self._releases.told)
        if self._image is not None:
            await self._image.told()

    def _of(self, line: _Line) -> str:
        return line.ru if self._language == "ru" else line.en

    async def _tell(self, what: Words, *, once: str, **values: str) -> None:
        text = what.say(self._language, **cast("dict[str, object]", values))
        await self._journal.notify(self._settings.tg_user_id, pieces(text), once=f"update {once}")


async def _asked(image: ImageUpdate) -> AsyncGenerator[_Line]:
    """What the updater says of the newest version, as `jobs update` says it."""
    try:
        found = await image.look()
    except UpdateError as error:
        yield _Line(kind="failed", en=error.say("en"), ru=error.say("ru"))
        return
    if found.candidate is not None:
        yield _Line(kind="candidate", candidate=found.candidate, current=found.current)
    else:
        values = {"version": found.version}
        yield _Line(kind="newest", en=words.NEWEST.say("en", **values), ru=words.NEWEST.say("ru", **values))
