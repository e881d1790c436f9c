"""Builds the sessions: the owner's, those of errands, and those that talk with other people."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from jobs.app.equipment import Equipment
from jobs.app.memory import Memory
from jobs.app.triggers import Triggers
from jobs.browser import definitions as browser
from jobs.catalog import TOOLS, by_cli_name
from jobs.core.clock import Clock
from jobs.core.database import Transaction
from jobs.core.i18n import Language
from jobs.core.journal import InboxRow, Journal, Settled
from jobs.core.messages import OWNER_SESSION, errand_of, person_of, trigger_of
from jobs.core.open_folders import OpenFolders
from jobs.core.people import title_in_quotes
from jobs.core.ports import Compose, Composer, DisclosureCheck, LiveReply, Objection, SoundAlarm
from jobs.core.settings import Settings
from jobs.core.words import triggers as trigger_words
from jobs.media.showing import Showing
from jobs.telegram.acting import Acting
from jobs.telegram.client import Telegram
from jobs.telegram.finding import Finder
from jobs.telegram.live import ScreenReply
from jobs.telegram.reading import Reader
from jobs.telegram.typing import SilentReply, TypingReply
from jobs.tools.approvals import Approvals
from jobs.tools.execution import ToolRunner
from jobs.tools.gate import Gate
from jobs.tools.roles import Role
from jobs.tools.server import SERVER_NAME, build_server
from jobs.tools.spec import Services, ToolContext
from jobs.users import environment
from jobs.users.agent import Agent, AgentOptions, bundled_cli
from jobs.users.correspondence import said_in_its_name
from jobs.users.disclosure import Disclosure
from jobs.users.errand_tools import Surroundings
from jobs.users.errand_view import for_person
from jobs.users.file_tools import Sendable
from jobs.users.guard import Marks, SessionGuard
from jobs.users.pool import Pool
from jobs.users.prompts import errand_prompt, owner_prompt, person_prompt, trigger_prompt
from jobs.users.reactions import ReactionNotes, Together, also_told
from jobs.users.repository import UsersRepository
from jobs.users.session import UserSession
from jobs.users.session_file import SessionFile
from jobs.users.session_items import Manner, SessionConfig, SettledListener
from jobs.users.strangers import Strangers
from jobs.users.turn_guard import GuardedTurns
from jobs.users.workload import Gathering

log = logging.getLogger(__name__)

IDLE_SECONDS = 600.0
"""After so long without anything to do, a process other than the owner's is ended; it is resumed when needed."""
PERSON_GATHERING = Gathering(pause=2.5, while_typing=10.0)
_NOTHING = Gathering()


@dataclass(frozen=True, slots=True)
class World:
    """The collaborators of every session."""

    settings: Settings
    telegram: Telegram
    journal: Journal
    clock: Clock
    repository: UsersRepository
    approvals: Approvals
    strangers: Strangers
    disclosure: Disclosure
    pool: Pool
    alarm: SoundAlarm
    compose: Compose
    language: Language
    owner_name: str
    memory: Memory
    triggers: Triggers
    equipment: Equipment


class _Composer:
    def __init__(self, compose: Compose) -> None:
        self.compose = compose


class SessionFactory:
    """Makes the session of a key."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._marks = Marks(world.journal.database)
        self._services = self._make_services()
        self._show_file = Showing(world.settings.workspace_dir)

    def __call__(self, key: str) -> UserSession:
        """The session, not running yet."""
        user_id, task_id = person_of(key), errand_of(key)
        if user_id is not None:
            return self._person(key, user_id)
        if trigger_of(key) is not None:
            return self._trigger(key)
        return self._errand(key, task_id) if task_id is not None else self._owner()

    # ---- the four kinds ----

    def _owner(self) -> UserSession:
        settings, telegram = self._world.settings, self._world.telegram
        guard = self._guard(OWNER_SESSION, Role.OWNER)
        reactions = ReactionNotes(self._world.journal, settings.timezone)
        system = owner_prompt(
            owner_id=settings.tg_user_id, account=telegram.account.name, workspace=settings.workspace_dir
        )
        return self._build(
            self._config(OWNER_SESSION, settings.tg_user_id),
            Role.OWNER,
            system,
            SessionFile(self._session_path(str(settings.tg_user_id))),
            guard=guard,
            manner=Manner(
                settled=also_told(self._outcomes_of(OWNER_SESSION), reactions),
                notes=Together(self._world.triggers.outcomes, reactions),
                opening=self._world.memory.opening,
                farewell=self._world.memory.leave_behind,
                guard=GuardedTurns(OWNER_SESSION, guard, self._marks),
                equipment=self._world.equipment.fingerprint,
            ),
        )

    def _errand(self, key: str, task_id: str) -> UserSession:
        repository = self._world.repository
        guard = self._guard(key, Role.TASK)

        outcomes = self._outcomes_of(key)

        async def settled(tx: Transaction, rows: Sequence[InboxRow], outcome: Settled, text: str) -> None:
            if text and outcome == "done":
                await repository.errands.note(tx, task_id, key, text[:2000])
            await outcomes(tx, rows, outcome, "")  # nobody has been told anything
            if not (await repository.errands.get(tx, task_id)).is_open:
                self._world.equipment.browser.leave(key)

        async def remember(session_id: str) -> None:
            async with repository.journal.database.transaction() as tx:
                await repository.errands.change(tx, task_id, key, {"session_id": session_id})

        async def recall() -> str | None:
            errand = await repository.errand_of_session(key)
            return errand.session_id if errand is not None else None

        async def whose() -> str:
            errand = await repository.errand_of_session(key)
            return f"{task_id}, {errand.title}" if errand is not None else task_id

        return self._build(
            self._config(key, None, hibernate_after=IDLE_SECONDS),
            Role.TASK,
            errand_prompt(self._world.settings.workspace_dir),
            SessionFile(self._session_path(f"task_{task_id}")),
            guard=guard,
            manner=Manner(
                whose=whose,
                settled=settled,
                guard=GuardedTurns(key, guard, self._marks),
                equipment=self._world.equipment.fingerprint,
                remember=remember,
                recall=recall,
            ),
        )

    def _trigger(self, key: str) -> UserSession:
        settings = self._world.settings

        async def whose() -> str:
            async with self._world.journal.database.transaction() as tx:
                latest = await self._world.triggers.executor.fired.latest_of(tx, key)
            return title_in_quotes(latest.title) if latest is not None else key

        guard = self._guard(key, Role.TRIGGER, whose)
        return self._build(
            self._config(key, settings.tg_user_id, hibernate_after=0.0, passing=True),
            Role.TRIGGER,
            trigger_prompt(settings.tg_user_id, settings.workspace_dir),
            SessionFile(self._session_path(key.replace(":", "_"))),
            guard=guard,
            manner=Manner(
                whose=whose,
                settled=self._outcomes_of(key),
                trouble=trigger_words.NOT_DONE,
                put_off=trigger_words.PUT_OFF,
                guard=GuardedTurns(key, guard, self._marks),
                equipment=self._world.equipment.fingerprint,
            ),
        )

    def _person(self, key: str, user_id: int) -> UserSession:
        world, zone = self._world, self._world.settings.timezone

        async def briefing() -> str:
            async with world.journal.database.transaction() as tx:
                errands = await world.repository.errands.concerning(tx, user_id)
                said = await said_in_its_name(tx, user_id, zone)
            known = for_person(errands, user_id, zone, world.clock.now())
            told = f"\n\nThe owner's side has sent them in your name (they answer to it):\n{said}" if said else ""
            return f"[From the program. What is to be settled with this person, as it stands now:\n{known}{told}]"

        async def objection(texts: Sequence[str]) -> Objection | None:
            return await world.disclosure.objection(user_id, *texts)

        return self._build(
            self._config(key, user_id, gathering=PERSON_GATHERING, hibernate_after=IDLE_SECONDS),
            Role.EXTERNAL,
            person_prompt(world.owner_name),
            SessionFile(self._session_path(str(user_id))),
            guard=None,
            manner=Manner(
                whose=partial(world.repository.name, user_id),
                language=partial(world.repository.language, user_id),
                briefing=briefing,
                objection=objection,
            ),
        )

    # ---- what they share ----

    def _config(
        self,
        key: str,
        chat_id: int | None,
        *,
        gathering: Gathering = _NOTHING,
        hibernate_after: float | None = None,
        passing: bool = False,
    ) -> SessionConfig:
        settings = self._world.settings
        return SessionConfig(
            key=key,
            chat_id=chat_id,
            owner_chat=settings.tg_user_id,
            model=settings.claude_model,
            zone=settings.timezone,
            language=self._world.language,
            query_timeout=settings.query_timeout_seconds,
            gathering=gathering,
            hibernate_after=hibernate_after,
            passing=passing,
        )

    def _build(
        self,
        config: SessionConfig,
        role: Role,
        system: str,
        session_file: SessionFile,
        *,
        guard: SessionGuard | None,
        manner: Manner,
    ) -> UserSession:
        world = self._world
        runner = guard.runner if guard is not None else ToolRunner(world.journal)
        server = build_server(
            TOOLS, role, runner, lambda call_id: ToolContext(role, config.key, call_id, self._services)
        )
        locked = role is Role.EXTERNAL
        settings = world.settings
        options = AgentOptions(
            model=settings.claude_model,
            cwd=Path("/") if locked else settings.workspace_dir,  # its name is in the prompt
            system=system,
            env=environment.for_claude(settings, memory_files=role is not Role.TASK),
            mcp_servers={SERVER_NAME: server},
            locked=locked,
            allowed_tools=sorted(by_cli_name(role)) if locked else (),
            refusal=Gate(guard, world.approvals).refusal if guard is not None else None,
            before_compaction=world.memory.leave_behind if role is Role.OWNER else None,
            cli_path=environment.launcher(settings.data_dir, bundled_cli()),
            pid_file=settings.data_dir / f"claude-{config.key.replace(':', '-')}.pid",
        )
        return UserSession(
            config,
            journal=world.journal,
            clock=world.clock,
            session_file=session_file,
            new_agent=lambda on_event: Agent(world.equipment.added_to(options, role, config.key), on_event),
            runner=runner,
            tools=by_cli_name(role),
            compose_text=world.compose,
            show_file=self._show_file,
            open_live=self._open_live,
            alarm=world.alarm,
            pool=world.pool,
            manner=manner,
        )

    def _outcomes_of(self, key: str) -> SettledListener:
        outcomes = self._world.triggers.outcomes

        async def settled(tx: Transaction, rows: Sequence[InboxRow], outcome: Settled, text: str) -> None:
            await outcomes.settled(tx, key, rows, outcome, text)

        return settled

    def _guard(self, key: str, role: Role, about: Callable[[], Awaitable[str]] | None = None) -> SessionGuard:
        return SessionGuard(
            key,
            repository=self._world.repository,
            marks=self._marks,
            tools=by_cli_name(role),
            mode=self._world.settings.approvals,
            language=self._world.language,
            skills=self._skills,
            runner=ToolRunner(self._world.journal),
            about=about,
            effects=browser.by_cli_name(),
        )

    def _make_services(self) -> Services:
        world, services = self._world, Services()
        settings, finder = world.settings, Finder(world.telegram)
        acting = Acting(
            world.telegram, finder, world.repository, owner_chat=settings.tg_user_id, zone=settings.timezone
        )
        services.provide(Acting, acting)
        services.provide(Journal, world.journal)
        services.provide(Clock, world.clock)
        services.provide(Reader, Reader(world.telegram, finder, settings.timezone))
        services.provide(Composer, _Composer(world.compose))
        folders = OpenFolders((settings.workspace_dir, settings.browser_downloads_dir), settings.data_dir)
        services.provide(Sendable, Sendable(settings.tg_user_id, folders))
        services.provide(UsersRepository, world.repository)
        services.provide(DisclosureCheck, world.disclosure)
        world.memory.provide(services)
        world.equipment.provide(services)
        world.triggers.provide(services)
        services.provide(
            Surroundings,
            Surroundings(world.settings.tg_user_id, world.settings.timezone, world.language, self._skills),
        )
        return services

    @property
    def _skills(self) -> Path:
        return self._world.equipment.skills_folder

    def _session_path(self, name: str) -> Path:
        return self._world.settings.data_dir / "sessions" / f"{name}.session"

    def _open_live(self, chat_id: int, session_key: str) -> LiveReply:
        telegram = self._world.telegram
        if session_key == OWNER_SESSION:
            return ScreenReply(telegram, self._world.journal, chat_id, session_key)
        return TypingReply(telegram, chat_id) if person_of(session_key) is not None else SilentReply()


__all__: Sequence[str] = ("SessionFactory", "World")
