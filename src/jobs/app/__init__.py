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
from jobs.app.reporter import Reporter
from jobs.app.sessions import SKILLS, SessionFactory, World
from jobs.app.triggers import make_triggers
from jobs.core.clock import SystemClock
from jobs.core.database import Database
from jobs.core.errors import ConfigError, JobsError, RetryLater, SignedOut, StorageError, TelegramError, Undeliverable
from jobs.core.health import HEALTH_SOCKET, HealthReport, serve_health
from jobs.core.i18n import Language
from jobs.core.journal import Journal
from jobs.core.logging import configure_logging
from jobs.core.messages import OWNER_SESSION
from jobs.core.rich_text import RichText
from jobs.core.settings import Settings
from jobs.core.words import people as people_words
from jobs.telegram.address_book import TelegramPeople
from jobs.telegram.alarm import Alarm
from jobs.telegram.channels import TelegramChannels
from jobs.telegram.client import Telegram
from jobs.telegram.commands import usage_text
from jobs.telegram.dispatcher import Dispatcher
from jobs.telegram.inbound import Inbound
from jobs.telegram.outbound import OutboxSender
from jobs.telegram.render import join, render, split
from jobs.tools.approvals import Approvals
from jobs.triggers.manager import fill_trigger_manager
from jobs.triggers.overview import ahead_text
from jobs.users import environment
from jobs.users.admission import Door, Rules
from jobs.users.deadlines import tell_of_overdue
from jobs.users.disclosure import Disclosure
from jobs.users.first_contacts import FirstContacts
from jobs.users.owner_view import tasks_text
from jobs.users.pool import Pool
from jobs.users.private_memory import PrivateMemory
from jobs.users.process_tree import kill_marked
from jobs.users.repository import UsersRepository, fill_users_repository
from jobs.users.session_manager import SessionManager, fill_session_manager
from jobs.users.shipped_skills import ShippedSkills
from jobs.users.strangers import Strangers

log = logging.getLogger(__name__)

_PAUSE_AFTER_FAILURE = 5
RENDERED_AT_ONCE = 2000
"""Characters of Markdown that are rendered in a few milliseconds, whatever they are."""
WATCH_SECONDS = 20.0
"""How often it is looked whether a question or an errand has waited too long; a start leaves as much for answers."""
RECONCILE_SECONDS = 300
"""How often updates are asked for and the history is compared, beside after every reconnect."""


async def compose(*texts: str) -> Sequence[RichText]:
    """Markdown as messages that Telegram takes."""
    if sum(map(len, texts)) <= RENDERED_AT_ONCE:
        return split(render(join(*texts)))
    return await asyncio.to_thread(lambda: split(render(join(*texts))))


class Application:
    """The running assistant, from sign-in to shutdown."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._clock = SystemClock()
        self._started = self._clock.monotonic()
        self._time_to_compare = asyncio.Event()
        self._telegram: Telegram | None = None
        self._channels: TelegramChannels | None = None
        self._dispatcher: asyncio.Task[None] | None = None
        self._sessions_alive: Callable[[], bool] = lambda: True

    async def run(self) -> None:
        """Run until cancelled. Raises SignedOut, StorageError or ConfigError when it cannot go on."""
        settings = self._settings
        async with AsyncExitStack() as stack:
            stack.enter_context(_only_one(settings.data_dir))
            ShippedSkills(settings.workspace_dir / SKILLS, settings.data_dir / "skills.json").install()
            for pid_file in settings.data_dir.glob("claude-*.pid"):
                _end_leftovers(pid_file)
            environment.clear_temporary_files(settings.data_dir)
            database = await stack.enter_async_context(Database.open(settings.data_dir / "db.sqlite"))
            journal = Journal(database, self._clock)
            await stack.enter_async_context(serve_health(settings.data_dir / HEALTH_SOCKET, self.health))
            telegram = await stack.enter_async_context(Telegram.connect(settings, self._reconnected))
            self._telegram = telegram
            people, channels = TelegramPeople(telegram), TelegramChannels(telegram)
            self._channels = channels
            world = await self._make_world(telegram, people, channels, journal)
            stack.enter_context(fill_users_repository(world.repository))
            await world.triggers.tidy(settings.data_dir / "sessions")
            sessions = await stack.enter_async_context(SessionManager(SessionFactory(world)).running())
            stack.enter_context(fill_session_manager(sessions))
            stack.enter_context(fill_trigger_manager(world.triggers.manager))
            self._sessions_alive = lambda: sessions.alive
            inbound = Inbound(
                telegram,
                journal,
                settings.tg_user_id,
                world.alarm,
                questions=world.approvals,
                typing=sessions.typing,
                on_missed=self._time_to_compare.set,
                on_stop=sessions.stop_unwritten,
            )
            inbound.listen()
            channels.listen()
            sender = self._make_sender(world)
            sessions.session(OWNER_SESSION).warm()
            dispatcher = self._make_dispatcher(world, sessions, people)
            await self._work(world, inbound, sender, dispatcher)

    def _reconnected(self) -> None:
        self._time_to_compare.set()
        if self._channels is not None:
            self._channels.look_everywhere()

    async def _make_world(
        self, telegram: Telegram, people: TelegramPeople, channels: TelegramChannels, journal: Journal
    ) -> World:
        settings, owner_chat = self._settings, self._settings.tg_user_id
        language = await self._language(telegram)
        repository = UsersRepository(journal, self._clock, people, owner_chat)
        policy = self._rules(telegram, language).policy
        strangers = Strangers(repository, policy, owner_chat, language)
        approvals = Approvals(
            journal,
            self._clock,
            owner_chat=owner_chat,
            language=language,
            zone=settings.timezone,
            settle_stranger=strangers.settle,
        )
        return World(
            settings=settings,
            telegram=telegram,
            journal=journal,
            clock=self._clock,
            repository=repository,
            approvals=approvals,
            strangers=strangers,
            disclosure=Disclosure(
                journal.database,
                repository.people,
                repository.errands,
                memory=PrivateMemory(settings.workspace_dir),
                compose=compose,
                owner_id=owner_chat,
            ),
            pool=Pool(settings.max_live_sessions),
            alarm=Alarm(telegram, self._clock, owner_chat, language),
            compose=compose,
            language=language,
            owner_name=await self._owner_name(people),
            triggers=make_triggers(repository, approvals, settings, language, channels),
        )

    def _make_sender(self, world: World) -> OutboxSender:
        first_contacts = FirstContacts(
            world.repository,
            per_day=self._settings.first_contacts_per_day,
            owner_chat=self._settings.tg_user_id,
            zone=self._settings.timezone,
            language=world.language,
        )
        report = Reporter(world.repository, self._settings, world.language)
        return OutboxSender(world.telegram, world.journal, self._clock, report, first_contacts.check)

    async def _work(self, world: World, inbound: Inbound, sender: OutboxSender, dispatcher: Dispatcher) -> None:
        telegram, journal = world.telegram, world.journal
        await _patiently(sender.resolve_unacknowledged)
        await _patiently(inbound.reconcile)
        reopened = await journal.reopen()
        if reopened:
            log.info("%d messages were being answered when the program ended; going on with them", reopened)
        try:
            async with asyncio.TaskGroup() as group:
                self._dispatcher = group.create_task(dispatcher.run(), name="dispatcher")
                group.create_task(sender.run(), name="outbox")
                group.create_task(self._keep_up(world, inbound), name="keep up")
                group.create_task(_until_signed_out(telegram), name="connection")
                group.create_task(_watch(world, inbound), name="questions and deadlines")
                group.create_task(world.triggers.manager.run(), name="triggers")
                log.info("Ready: signed in as %s (%d)", telegram.account.name, telegram.account.id)
                print("ready", flush=True)  # noqa: T201 - for whoever started it, and waits
        except* JobsError as errors:
            raise _first(errors) from errors

    async def _keep_up(self, world: World, inbound: Inbound) -> None:
        while True:
            await _see_reactions(world, inbound)
            try:
                async with asyncio.timeout(RECONCILE_SECONDS):
                    await self._time_to_compare.wait()
            except TimeoutError:
                await world.telegram.catch_up()
            self._time_to_compare.clear()
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

    def _make_dispatcher(self, world: World, sessions: SessionManager, people: TelegramPeople) -> Dispatcher:
        settings, journal, language = self._settings, world.journal, world.language
        rules = self._rules(world.telegram, language)
        triggers = world.triggers

        async def tasks() -> str:
            errands = await tasks_text(world.repository, settings.timezone, language)
            ahead = await ahead_text(triggers.planning, triggers.subscribing, language)
            return "\n\n".join(filter(None, (errands, ahead))) or people_words.NOTHING_AHEAD.say(language)

        def windows() -> Mapping[str, float]:
            return {w.name: w.utilization for w in sessions.session(OWNER_SESSION).plan_windows.values()}

        return Dispatcher(
            telegram=world.telegram,
            journal=journal,
            sessions=sessions,
            admission=Door(rules, world.repository, world.approvals, people),
            questions=world.approvals,
            compose=compose,
            usage_text=lambda: usage_text(journal.usage, self._clock, settings.timezone, language, windows),
            tasks_text=tasks,
            language=language,
        )

    def _rules(self, telegram: Telegram, language: Language) -> Rules:
        """Who may talk to it; in the owner's own account nobody is answered by a machine unasked."""
        settings = self._settings
        own_account = telegram.account.id == settings.tg_user_id
        return Rules(
            policy="tasks" if own_account and settings.external_policy != "closed" else settings.external_policy,
            messages_per_hour=settings.external_messages_per_hour,
            daily_usd=settings.external_daily_usd,
            owner_chat=settings.tg_user_id,
            zone=settings.timezone,
            language=language,
            own_account=own_account,
        )

    async def _owner_name(self, people: TelegramPeople) -> str:
        try:
            card = await people.card(self._settings.tg_user_id)
        except TelegramError:
            return ""
        return card.name if card.first_name else ""


async def _patiently(work: Callable[[], Awaitable[object]]) -> None:
    """Do what must be done before going on, however often Telegram or the disk says "not now"."""
    while True:
        try:
            await work()
        except RetryLater as error:
            log.warning("Telegram says to wait %.0f s: %s", error.after, error)
            await asyncio.sleep(error.after)
        except (StorageError, Undeliverable) as error:
            log.warning("Catching up failed; it is tried again in %d s: %s", _PAUSE_AFTER_FAILURE, error)
            await asyncio.sleep(_PAUSE_AFTER_FAILURE)
        else:
            return


async def _see_reactions(world: World, inbound: Inbound) -> bool:
    """See to the reactions that were made while nobody listened; False when Telegram says "not now"."""
    try:
        waiting = await world.approvals.waiting()
        await inbound.look_for_reactions([q.message_id for q in waiting if q.message_id is not None])
    except (TelegramError, StorageError) as error:
        log.warning("Reactions to questions could not be looked for: %s", error)
        return not isinstance(error, RetryLater)
    return True


async def _watch(world: World, inbound: Inbound) -> None:
    """Answer by no what has waited too long, ask about strangers, and tell of deadlines that have passed."""
    while True:
        await asyncio.sleep(WATCH_SECONDS)
        try:
            # What was said in time counts, though it is read late.
            overdue = await world.approvals.overdue()
            if overdue and world.telegram.is_connected() and await _see_reactions(world, inbound):
                await world.approvals.expire()
            await world.strangers.look_after()
            settings = world.settings
            await tell_of_overdue(world.repository, settings.tg_user_id, settings.timezone, world.language)
        except StorageError:
            log.exception("Questions and deadlines could not be looked after; it is tried again")


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
    ended = kill_marked(environment.PID_FILE, str(pid_file))
    pid_file.unlink(missing_ok=True)
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
