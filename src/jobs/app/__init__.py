"""The composition root: the only place that builds services. What starts in a context stops in reverse."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack

from jobs import __version__
from jobs.app.backups import make_nightly_backups
from jobs.app.equipment import make_equipment
from jobs.app.memory import make_memory
from jobs.app.process import end_leftovers, end_servers, keep_what_is_loaded, until_signal
from jobs.app.reporter import Reporter
from jobs.app.sessions import SessionFactory, World
from jobs.app.triggers import make_triggers
from jobs.app.updates import Updates
from jobs.app.upkeep import patiently, see_reactions, watch
from jobs.backup.places import Places as BackupPlaces
from jobs.backup.restoring import finish as finish_restore
from jobs.core.clock import SystemClock
from jobs.core.data_lock import only_one
from jobs.core.database import Database
from jobs.core.errors import JobsError, SignedOut, StorageError, TelegramError
from jobs.core.health import HEALTH_SOCKET, HealthReport, serve_health
from jobs.core.i18n import Language
from jobs.core.journal import Journal
from jobs.core.logging import configure_logging
from jobs.core.messages import OWNER_SESSION
from jobs.core.retention import Retention
from jobs.core.rich_text import RichText
from jobs.core.settings import ENV_FILE, Settings
from jobs.core.words import people as people_words
from jobs.mcp_manager.config import fill_mcp_config
from jobs.media.speech import USD_A_MINUTE, Speech
from jobs.media.taking import Taking
from jobs.media.uploads import MB, Uploads
from jobs.memory.search import fill_index
from jobs.memory.storage import fill_storage
from jobs.plugin_manager.manager import fill_plugin_config
from jobs.skill_manager.folders import ON, Places
from jobs.skill_manager.shipped import ShippedSkills
from jobs.telegram.address_book import TelegramPeople
from jobs.telegram.alarm import Alarm
from jobs.telegram.arrivals import Arrivals
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
from jobs.updating.go import WAITING, Leave
from jobs.updating.state import Releases
from jobs.users import environment as environment_of
from jobs.users.admission import Door, Rules
from jobs.users.disclosure import Disclosure
from jobs.users.first_contacts import FirstContacts
from jobs.users.owner_view import tasks_text
from jobs.users.pool import Pool
from jobs.users.private_memory import PrivateMemory
from jobs.users.repository import UsersRepository, fill_users_repository
from jobs.users.session_manager import SessionManager, fill_session_manager
from jobs.users.strangers import Strangers

log = logging.getLogger(__name__)

RENDERED_AT_ONCE = 2000
"""Characters of Markdown that are rendered in a few milliseconds, whatever they are."""
RECONCILE_SECONDS = 300
"""How often updates are asked for and the history is compared, beside after every reconnect."""


async def compose(*texts: str) -> Sequence[RichText]:
    """Markdown as messages that Telegram takes."""
    if sum(map(len, texts)) <= RENDERED_AT_ONCE:
        return split(render(join(*texts)))
    return await asyncio.to_thread(lambda: split(render(join(*texts))))


class Application:
    """The running assistant, from sign-in to shutdown."""

    def __init__(self, settings: Settings, environment: Mapping[str, str], leave: Leave | None) -> None:
        self._settings = settings
        self._environment = environment
        self._leave = leave
        self._at_gate = False
        self.starts_anew = False
        """Whether it is to be started once more when it has ended."""
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
            stack.enter_context(only_one(settings.data_dir))
            if self._leave is None:
                Releases(settings.data_dir).refuse_beside_a_trial()
            if kept := await asyncio.to_thread(finish_restore, BackupPlaces.of(settings, ENV_FILE)):
                log.warning("Finished a restore that was interrupted; what was there before is in %s", kept)
            if self._leave is None:
                self._install_skills()
            for pid_file in settings.data_dir.glob("claude-*.pid"):
                end_leftovers(pid_file)
            end_servers(settings.data_dir)
            stack.push_async_callback(asyncio.to_thread, end_servers, settings.data_dir)
            environment_of.clear_temporary_files(settings.data_dir)
            database = await stack.enter_async_context(Database.open(settings.data_dir / "db.sqlite"))
            journal = Journal(database, self._clock)
            await stack.enter_async_context(serve_health(settings.data_dir / HEALTH_SOCKET, self.health))
            telegram = await stack.enter_async_context(Telegram.connect(settings, self._reconnected))
            self._telegram = telegram
            people, channels = TelegramPeople(telegram), TelegramChannels(telegram)
            self._channels = channels
            world = await self._make_world(telegram, people, channels, journal)
            stack.enter_context(fill_users_repository(world.repository))
            stack.enter_context(fill_storage(world.memory.storage))
            stack.enter_context(fill_mcp_config(world.equipment.servers.config))
            stack.enter_context(fill_plugin_config(world.equipment.plugins))
            stack.push_async_callback(world.equipment.plugins.close)
            await world.memory.storage.tidy()
            await world.triggers.tidy(settings.data_dir / "sessions")
            sessions = await stack.enter_async_context(SessionManager(SessionFactory(world)).running())
            stack.enter_context(fill_session_manager(sessions))
            stack.enter_context(fill_trigger_manager(world.triggers.manager))
            self._sessions_alive = lambda: sessions.alive
            arrivals = await self._make_arrivals(world, sessions)

            def stop_unwritten(session_key: str) -> None:
                arrivals.hand_on(session_key)
                sessions.stop_unwritten(session_key)

            inbound = Inbound(
                telegram,
                journal,
                settings.tg_user_id,
                world.alarm,
                questions=world.approvals,
                secrets=world.equipment.secrets,
                typing=sessions.typing,
                on_missed=self._time_to_compare.set,
                on_stop=stop_unwritten,
            )
            inbound.listen()
            channels.listen()
            sender = self._make_sender(world)
            sessions.session(OWNER_SESSION).warm()
            updates = self._make_updates(world)
            dispatcher = self._make_dispatcher(world, sessions, arrivals, people, updates)
            stack.enter_context(fill_index(await stack.enter_async_context(world.memory.index.running())))
            await self._work(world, inbound, sender, dispatcher, updates)

    def _install_skills(self) -> None:
        places = Places(self._settings.workspace_dir / ".claude" / ON)
        ShippedSkills(places, self._settings.data_dir / "skills.json").install()

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
        pool = Pool(settings.max_live_sessions)
        approvals = Approvals(
            journal,
            self._clock,
            owner_chat=owner_chat,
            language=language,
            zone=settings.timezone,
            settle_stranger=strangers.settle,
        )
        memory = make_memory(settings, journal, self._clock, approvals=approvals, pool=pool, language=language)
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
            pool=pool,
            alarm=Alarm(telegram, self._clock, owner_chat, language),
            compose=compose,
            language=language,
            owner_name=await self._owner_name(people),
            memory=memory,
            equipment=make_equipment(settings, journal, self._clock, approvals=approvals, language=language),
            triggers=make_triggers(
                repository, approvals, settings, language, feed=channels, distiller=memory.distiller
            ),
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

    async def _work(
        self, world: World, inbound: Inbound, sender: OutboxSender, dispatcher: Dispatcher, updates: Updates
    ) -> None:
        telegram, journal = world.telegram, world.journal
        if self._leave is not None:
            self._at_gate = True
            await self._leave.wait()
            self._install_skills()  # not before: the workspace is not put back with the data
        await patiently(sender.resolve_unacknowledged)
        await patiently(inbound.reconcile)
        reopened = await journal.reopen()
        if reopened:
            log.info("%d messages were being answered when the program ended; going on with them", reopened)
        try:
            async with asyncio.TaskGroup() as group:
                self._dispatcher = group.create_task(dispatcher.run(), name="dispatcher")
                group.create_task(sender.run(), name="outbox")
                group.create_task(self._keep_up(world, inbound), name="keep up")
                group.create_task(_until_signed_out(telegram), name="connection")
                group.create_task(watch(world, inbound), name="questions and deadlines")
                group.create_task(world.triggers.manager.run(), name="triggers")
                group.create_task(world.equipment.run(), name="equipment")
                group.create_task(updates.run(), name="updates")
                retention = Retention(journal.database, self._clock, self._settings.tg_user_id)
                group.create_task(retention.run(), name="retention")
                if self._settings.backup_at is not None:
                    nightly = make_nightly_backups(self._settings, self._settings.backup_at, world)
                    group.create_task(nightly.run(), name="backup")
                if world.memory.keeper is not None:
                    group.create_task(world.memory.keeper.run(), name="diary")
                log.info("Ready: signed in as %s (%d)", telegram.account.name, telegram.account.id)
                print("ready", flush=True)  # noqa: T201 - for whoever started it, and waits
        except* JobsError as errors:
            raise _first(errors) from errors

    async def _keep_up(self, world: World, inbound: Inbound) -> None:
        while True:
            await see_reactions(world, inbound)
            try:
                async with asyncio.timeout(RECONCILE_SECONDS):
                    await self._time_to_compare.wait()
            except TimeoutError:
                await world.telegram.catch_up()
            self._time_to_compare.clear()
            await patiently(inbound.reconcile_owner)

    def health(self) -> HealthReport:
        """Whether it hears and answers."""
        connected = self._telegram is not None and self._telegram.is_connected()
        waits = self._at_gate and self._leave is not None and not self._leave.is_given
        dispatching = self._dispatcher is not None and not self._dispatcher.done() and self._sessions_alive()
        return HealthReport(
            healthy=connected and (dispatching or waits),
            telegram="connected" if connected else "disconnected",
            dispatcher=WAITING if waits else "alive" if dispatching else "not running",
            uptime=self._clock.monotonic() - self._started,
            version=__version__,
        )

    async def _language(self, telegram: Telegram) -> Language:
        if self._settings.language != "auto":
            return self._settings.language
        code = await telegram.language_of(self._settings.tg_user_id)
        return "ru" if code == "ru" else "en" if code else self._settings.console_language

    def _make_updates(self, world: World) -> Updates:
        def restart() -> None:
            self.starts_anew = True

        settings, environment = self._settings, self._environment
        return Updates(
            settings, world.journal, world.approvals, world.language, environment=environment, restart=restart
        )

    async def _make_arrivals(self, world: World, sessions: SessionManager) -> Arrivals:
        settings = self._settings
        uploads = Uploads(settings.workspace_dir, settings.uploads_quota_mb * MB)
        await uploads.tidy()
        return Arrivals(
            telegram=world.telegram,
            journal=world.journal,
            take_in=Taking(uploads, Speech(settings)),
            submit=sessions.submit,
            language=world.language,
            price=USD_A_MINUTE,
        )

    def _make_dispatcher(
        self, world: World, sessions: SessionManager, arrivals: Arrivals, people: TelegramPeople, updates: Updates
    ) -> Dispatcher:
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
            arrivals=arrivals,
            admission=Door(rules, world.repository, world.approvals, people),
            questions=world.approvals,
            secrets=world.equipment.secrets,
            compose=compose,
            usage_text=lambda: usage_text(journal.usage, self._clock, settings.timezone, language, windows),
            tasks_text=tasks,
            update=updates.look,
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


async def _until_signed_out(telegram: Telegram) -> None:
    await telegram.until_disconnected()
    raise SignedOut("The connection to Telegram has ended for good: run jobs setup to sign in again.")


def _first(errors: BaseExceptionGroup[JobsError]) -> JobsError:
    for error in errors.exceptions:
        return _first(error) if isinstance(error, BaseExceptionGroup) else error
    raise errors


async def run(settings: Settings, environment: Mapping[str, str], leave: Callable[[], Leave | None]) -> bool:
    """Run the assistant until SIGTERM or SIGINT; whether it is to be started anew then.

    `environment`: what this process was started with; `leave`: of a version that is watched, made in the event loop.
    Raises JobsError when it cannot start or go on.
    """
    settings.require_complete()
    configure_logging(settings.log_level, environment_of.secrets(settings))
    environment_of.forget_secrets()
    keep_what_is_loaded()
    try:
        settings.workspace_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"The workspace {settings.workspace_dir} cannot be used: {error.strerror}.") from error
    application = Application(settings, environment, leave())
    async with until_signal():
        await application.run()
    log.info("Stopped")
    return application.starts_anew
