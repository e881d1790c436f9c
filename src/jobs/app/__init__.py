"""The composition root: the only place that builds services. What starts in a context stops in reverse."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import signal
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

from jobs import __version__
from jobs.catalog import BY_CLI_NAME, TOOLS
from jobs.core.clock import SystemClock
from jobs.core.database import Database
from jobs.core.errors import ConfigError, JobsError, RetryLater, SignedOut, StorageError, Undeliverable
from jobs.core.health import HEALTH_SOCKET, HealthReport, serve_health
from jobs.core.i18n import Language
from jobs.core.journal import Journal, OutboxRow
from jobs.core.logging import configure_logging
from jobs.core.messages import OWNER_SESSION, Image, InboundMessage
from jobs.core.rich_text import RichText
from jobs.core.settings import Settings
from jobs.core.words import chat as words
from jobs.telegram.alarm import Alarm
from jobs.telegram.client import Telegram
from jobs.telegram.commands import usage_text
from jobs.telegram.dispatcher import Dispatcher
from jobs.telegram.inbound import Inbound
from jobs.telegram.live import ScreenReply
from jobs.telegram.outbound import OutboxSender
from jobs.telegram.render import render, split
from jobs.telegram.tools import Composer, Directory
from jobs.tools.execution import ToolRunner
from jobs.tools.roles import Role
from jobs.tools.server import SERVER_NAME, build_server
from jobs.tools.spec import Services, ToolContext
from jobs.users import environment
from jobs.users.agent import Agent, AgentOptions, bundled_cli
from jobs.users.process_tree import kill_marked
from jobs.users.prompts import owner_prompt
from jobs.users.session import UserSession
from jobs.users.session_file import SessionFile
from jobs.users.session_items import SessionConfig
from jobs.users.session_manager import SessionManager, fill_session_manager

log = logging.getLogger(__name__)

_PAUSE_AFTER_FAILURE = 15
PHOTO_SECONDS = 20
"""How long a photo may take to arrive: the conversation stands still meanwhile."""
CLAUDE_PID = "claude.pid"
RENDERED_AT_ONCE = 2000
"""Characters of Markdown that are rendered in a few milliseconds, whatever they are."""
RECONCILE_SECONDS = 300
"""How often updates are asked for and the history is compared, beside after every reconnect."""


async def compose(markdown: str) -> Sequence[RichText]:
    """Markdown as messages that Telegram takes."""
    if len(markdown) <= RENDERED_AT_ONCE:
        return split(render(markdown))
    return await asyncio.to_thread(lambda: split(render(markdown)))


class _Composer:
    compose = staticmethod(compose)


class Application:
    """The running assistant, from sign-in to shutdown."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._clock = SystemClock()
        self._started = self._clock.monotonic()
        self._reconnected = asyncio.Event()
        self._telegram: Telegram | None = None
        self._dispatcher: asyncio.Task[None] | None = None
        self._sessions_alive: Callable[[], bool] = lambda: True

    async def run(self) -> None:
        """Run until cancelled. Raises SignedOut, StorageError or ConfigError when it cannot go on."""
        settings = self._settings
        async with AsyncExitStack() as stack:
            stack.enter_context(_only_one(settings.data_dir))
            _end_leftovers(settings.data_dir / CLAUDE_PID)
            database = await stack.enter_async_context(Database.open(settings.data_dir / "db.sqlite"))
            journal = Journal(database, self._clock)
            await stack.enter_async_context(serve_health(settings.data_dir / HEALTH_SOCKET, self.health))
            telegram = await stack.enter_async_context(Telegram.connect(settings, self._reconnected.set))
            self._telegram = telegram
            language = await self._language(telegram)
            alarm = Alarm(telegram, self._clock, settings.tg_user_id, language)
            inbound = Inbound(telegram, journal, settings.tg_user_id, alarm)
            inbound.listen()
            sender = OutboxSender(telegram, journal, self._clock, _Reporter(journal, settings, language))
            sessions = await stack.enter_async_context(
                SessionManager(lambda key: self._session(key, telegram, journal, language, alarm)).running()
            )
            stack.enter_context(fill_session_manager(sessions))
            self._sessions_alive = lambda: sessions.alive
            sessions.session(OWNER_SESSION).warm()
            dispatcher = self._make_dispatcher(telegram, journal, sessions, language)
            await self._work(telegram, journal, inbound, sender, dispatcher)

    async def _work(
        self, telegram: Telegram, journal: Journal, inbound: Inbound, sender: OutboxSender, dispatcher: Dispatcher
    ) -> None:
        await _patiently(sender.resolve_unacknowledged)
        await _patiently(inbound.reconcile)
        reopened = await journal.reopen()
        if reopened:
            log.info("%d messages were being answered when the program ended; going on with them", reopened)
        try:
            async with asyncio.TaskGroup() as group:
                self._dispatcher = group.create_task(dispatcher.run(), name="dispatcher")
                group.create_task(sender.run(), name="outbox")
                group.create_task(self._keep_up(telegram, inbound), name="keep up")
                group.create_task(_until_signed_out(telegram), name="connection")
                log.info("Ready: signed in as %s (%d)", telegram.account.name, telegram.account.id)
                print("ready", flush=True)  # noqa: T201 - for whoever started it, and waits
        except* JobsError as errors:
            raise _first(errors) from errors

    async def _keep_up(self, telegram: Telegram, inbound: Inbound) -> None:
        while True:
            try:
                async with asyncio.timeout(RECONCILE_SECONDS):
                    await self._reconnected.wait()
            except TimeoutError:
                await telegram.catch_up()
            self._reconnected.clear()
            await _patiently(inbound.reconcile_owner)

    def health(self) -> HealthReport:
        """Whether it hears and answers."""
        connected = self._telegram is not None and self._telegram.is_connected()
        dispatching = self._dispatcher is not None and not self._dispatcher.done() and self._sessions_alive()
        return HealthReport(
            healthy=connected and dispatching,
            telegram="connected" if connected else "disconnected",
            dispatcher="alive" if dispatching else "not running",
            uptime=self._clock.monotonic() - self._started,
            version=__version__,
        )

    async def _language(self, telegram: Telegram) -> Language:
        if self._settings.language != "auto":
            return self._settings.language
        code = await telegram.language_of(self._settings.tg_user_id)
        return "ru" if code == "ru" else "en" if code else self._settings.console_language

    def _make_dispatcher(
        self, telegram: Telegram, journal: Journal, sessions: SessionManager, language: Language
    ) -> Dispatcher:
        def windows() -> Mapping[str, float]:
            return {w.name: w.utilization for w in sessions.session(OWNER_SESSION).plan_windows.values()}

        return Dispatcher(
            telegram=telegram,
            journal=journal,
            sessions=sessions,
            compose=compose,
            usage_text=lambda: usage_text(journal.usage, self._clock, self._settings.timezone, language, windows),
            language=language,
        )

    def _session(self, key: str, telegram: Telegram, journal: Journal, language: Language, alarm: Alarm) -> UserSession:
        settings = self._settings
        services = Services()
        services.provide(Directory, telegram)
        services.provide(Composer, _Composer())
        runner = ToolRunner(journal)
        server = build_server(
            TOOLS, Role.OWNER, runner, lambda call_id: ToolContext(Role.OWNER, key, call_id, services)
        )
        options = AgentOptions(
            model=settings.claude_model,
            cwd=settings.workspace_dir,
            system_append=owner_prompt(
                owner_id=settings.tg_user_id, account=telegram.account.name, workspace=settings.workspace_dir
            ),
            env=environment.for_claude(settings),
            mcp_servers={SERVER_NAME: server},
            cli_path=environment.launcher(settings.data_dir, bundled_cli()),
            pid_file=settings.data_dir / CLAUDE_PID,
        )

        async def fetch_image(message: InboundMessage) -> Image | None:
            try:
                async with asyncio.timeout(PHOTO_SECONDS):
                    data = await telegram.download_photo(message.chat_id, message.message_id)
            except (JobsError, TimeoutError) as error:
                log.warning("A photo could not be loaded: %s", error)
                return None
            return Image(media_type="image/jpeg", data=data) if data else None

        return UserSession(
            SessionConfig(
                key=key,
                chat_id=settings.tg_user_id,
                model=settings.claude_model,
                zone=settings.timezone,
                language=language,
                query_timeout=settings.query_timeout_seconds,
            ),
            journal=journal,
            clock=self._clock,
            session_file=SessionFile(settings.data_dir / "sessions" / f"{settings.tg_user_id}.session"),
            new_agent=lambda on_event: Agent(options, on_event),
            runner=runner,
            tools=BY_CLI_NAME,
            compose_text=compose,
            fetch_image=fetch_image,
            alarm=alarm,
            open_live=lambda chat_id, session_key: ScreenReply(telegram, journal, chat_id, session_key),
        )


class _Reporter:
    """Tells the owner what could not be delivered."""

    def __init__(self, journal: Journal, settings: Settings, language: Language) -> None:
        self._journal = journal
        self._owner_id = settings.tg_user_id
        self._language: Language = language

    async def __call__(self, row: OutboxRow, error: Undeliverable) -> None:
        if row.chat_id == self._owner_id:
            return  # nobody is left to be told; the log has it
        reason = words.REFUSALS[error.reason].say(self._language, code=str(error))
        text = words.UNDELIVERED.say(self._language, whom=row.chat_id, reason=reason, text=row.content.text)
        await self._journal.notify(self._owner_id, split(RichText(text)), once=f"undelivered {row.id}")


async def _patiently(work: Callable[[], Awaitable[object]]) -> None:
    """Do what must be done before going on, however often Telegram or the disk says "not now"."""
    while True:
        try:
            await work()
        except RetryLater as error:
            log.warning("Telegram says to wait %.0f s: %s", error.after, error)
            await asyncio.sleep(error.after)
        except (StorageError, Undeliverable):
            log.exception("Catching up failed; it is tried again in %d s", _PAUSE_AFTER_FAILURE)
            await asyncio.sleep(_PAUSE_AFTER_FAILURE)
        else:
            return


async def _until_signed_out(telegram: Telegram) -> None:
    await telegram.until_disconnected()
    raise SignedOut("The connection to Telegram has ended for good: run jobs setup to sign in again.")


def _first(errors: BaseExceptionGroup[JobsError]) -> JobsError:
    for error in errors.exceptions:
        return _first(error) if isinstance(error, BaseExceptionGroup) else error
    raise errors


@contextmanager
def _only_one(data_dir: Path) -> Generator[None]:
    """Two programs on one sign-in would end it: the data folder belongs to one at a time."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(data_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StorageError(f"The data folder {data_dir} cannot be used: {error.strerror}.") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConfigError(f"Jobs is running already with the data folder {data_dir}: stop it first.") from error
        yield
    finally:
        os.close(handle)


def _end_leftovers(pid_file: Path) -> None:
    """After a run that was killed: end the commands of its Claude process, which may be run once more now."""
    if pid_file.exists():
        ended = kill_marked(environment.PID_FILE, str(pid_file))
        pid_file.unlink()
        log.info("Ended %d processes that the last run left behind", ended)


@asynccontextmanager
async def _until_signal() -> AsyncGenerator[None]:
    """SIGTERM and SIGINT end the block by cancelling it."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None  # noqa: S101 - we are in one
    stopping = False

    def stop() -> None:
        nonlocal stopping
        stopping = True
        task.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    try:
        yield
    except asyncio.CancelledError:
        if not stopping:
            raise
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


async def run(settings: Settings) -> None:
    """Run the assistant until SIGTERM or SIGINT. Raises JobsError when it cannot start or go on."""
    settings.require_complete()
    configure_logging(settings.log_level, environment.secrets(settings))
    environment.forget_secrets()
    try:
        settings.workspace_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"The workspace {settings.workspace_dir} cannot be used: {error.strerror}.") from error
    async with _until_signal():
        await Application(settings).run()
    log.info("Stopped")
