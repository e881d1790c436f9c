"""The monkey: it writes numbers as the owner, and breaks things at the worst moments it can think of."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from numbers_model import NumbersModel
from phases import DELIVERIES, Phase, Scene, called_texts
from tally import Tally
from telethon.tl.tlobject import TLObject

from jobs.sandbox.claude import RequestRecord
from jobs.sandbox.daemon import Daemon
from jobs.sandbox.telegram.faults import Delay, DropUpdate, Fault, LoseAnswer, Refuse

MOST_UNANSWERED = 4
"""The owner waits for answers before sending more."""
PATIENCE = 4.0
"""How long the monkey lies in wait for a phase, in seconds, before it strikes anyway."""
SETTLE_SECONDS = 300.0

_LINGER: Mapping[Phase | None, float] = {
    Phase.JOURNALLED: 0.03,
    Phase.TOOL_ASKED: 0.02,
    Phase.TOOL_DONE: 0.01,
    Phase.STREAMING: 0.8,
    Phase.DRAFT: 1.5,
    Phase.WRITTEN: 0.02,
    Phase.RETRYING: 1.0,
    None: 3.0,
}
"""How long at most the monkey waits, in seconds, once the phase has begun."""


class Storm:
    """One storm over one scene; every random choice comes from `rng`."""

    def __init__(self, scene: Scene, model: NumbersModel, rng: random.Random, tally: Tally) -> None:
        self.scene = scene
        self.stage = scene.stage
        self.model = model
        self.rng = rng
        self.tally = tally
        self._start_seconds = 1.0
        self._cli_kills_since_answer = 0
        self._answers_at_cli_kill = 0

    # ---- the owner ----

    def send_number(self) -> None:
        """The owner's next number, unless too many wait."""
        if len(self.scene.unanswered()) < MOST_UNANSWERED:
            self.scene.send(len(self.scene.sent) + 1)

    async def keep_sending(self) -> None:
        """Numbers at random moments, until cancelled."""
        while True:
            await asyncio.sleep(self.rng.expovariate(3))
            self.send_number()

    async def all_answered(self, timeout: float = SETTLE_SECONDS) -> None:
        """Return once every number is answered. Raises TimeoutError."""
        await self.stage.world.wait_for(lambda: not self.scene.unanswered(), timeout)

    # ---- mischief ----

    async def keep_breaking(self, daemon: Daemon) -> None:
        """Break one thing or another, about once a second, until cancelled."""
        while True:
            await asyncio.sleep(self.rng.expovariate(1))
            self.rng.choice((lambda: self.kill_cli(daemon), self.cut, self.lose_an_answer))()

    def kill_cli(self, daemon: Daemon) -> None:
        """SIGKILL the Claude process, at most twice between two answers: after three the daemon sets a turn aside."""
        answers = len(self.scene.answered())
        if answers > self._answers_at_cli_kill:
            self._cli_kills_since_answer = 0
        if self._cli_kills_since_answer < 2:
            killed = daemon.kill_claude()
            self.tally.mischief["CLI kills"] += killed
            self._cli_kills_since_answer += killed
            self._answers_at_cli_kill = answers
            self.scene.requests_at_cli_kill = len(self.scene.requests())

    def cut(self) -> None:
        """Break the connection to Telegram."""
        self.tally.mischief["connection cuts"] += self.stage.telegram.drop_connections(self.scene.assistant.id)

    def lose_an_answer(self) -> None:
        """Telegram does what the next send or edit asks, and its answer gets lost with the connection."""
        method = self.rng.choice(DELIVERIES)
        self.stage.telegram.faults.add(LoseAnswer(disconnect=True), method, user_id=self.scene.assistant.id)
        self.tally.mischief["lost answers"] += 1

    # ---- a life and its end ----

    async def life(self, target: Phase | None) -> None:
        """Start the daemon, let it work, and kill it: in the phase `target` if that comes within reach."""
        scene, daemon = self.scene, await self._begin()
        async with contextlib.AsyncExitStack() as stack:
            if target not in (Phase.STARTING, Phase.COMPARING):
                await self._ready(daemon)
                await stack.enter_async_context(self._background(daemon))
                self.model.pace = "slow" if target in (Phase.STREAMING, Phase.DRAFT) else None
                self.model.answering.clear()
            with contextlib.suppress(TimeoutError):
                await self._lie_in_wait(daemon, target, stack)
            phase = scene.phase()
            if not Path(f"/proc/{daemon.pid}").exists():
                self.tally.findings.append(f"ended by itself:\n{daemon.log}")
            await daemon.kill()
        self.tally.kills[scene.refined(phase)] += 1
        self.stage.daemons.remove(daemon)
        self.stage.telegram.faults.clear()

    async def _begin(self) -> Daemon:
        self.scene.begin_life()
        self.model.forgetful = self.rng.random() < 0.4
        for _ in range(self.rng.choice((0, 0, 1, 2))):
            self.send_number()  # while nobody listens
        return await self.stage.start(account=self.scene.assistant, wait=False)

    async def _ready(self, daemon: Daemon) -> None:
        began = time.monotonic()
        await daemon.ready()
        self.scene.ready = True
        self._start_seconds += (time.monotonic() - began - self._start_seconds) / 4

    @asynccontextmanager
    async def _background(self, daemon: Daemon) -> AsyncGenerator[None]:
        tasks = [asyncio.create_task(self.keep_sending())]
        if self.rng.random() < 0.5:
            tasks.append(asyncio.create_task(self.keep_breaking(daemon)))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception):
                raise error

    async def _lie_in_wait(self, daemon: Daemon, target: Phase | None, stack: contextlib.AsyncExitStack) -> None:
        """Return at a moment when the phase is likely. Raises TimeoutError when it does not come."""
        if target is not Phase.IDLE:
            self.send_number()
        match target:
            case Phase.COMPARING:
                await self._strike(Delay(0.2), self.rng.choice(("users.getUsers", "messages.getDialogs")))
            case Phase.ARRIVED:
                await self._strike(DropUpdate(), "UpdateNewMessage")
            case Phase.THINKING | Phase.RETRYING:
                await self._request(lambda r: r.request is not None)
                if target is Phase.RETRYING:
                    self.kill_cli(daemon)
            case Phase.TOOL_ASKED | Phase.WRITTEN:
                calls = target is Phase.TOOL_ASKED
                await self._request(lambda r: r.finished is not None and bool(called_texts(r)) is calls)
            case Phase.TOOL_DONE:
                made = len(self.scene.effects())
                await self.stage.world.wait_for(lambda: len(self.scene.effects()) > made, PATIENCE)
            case Phase.STREAMING:
                async with asyncio.timeout(PATIENCE):
                    await self.model.answering.wait()
            case Phase.DRAFT:
                await self.stage.world.wait_for(self.scene.torn, PATIENCE)
            case Phase.COMMITTED | Phase.DELIVERING | Phase.TOOL_SENDING:
                await self._delivery(target, stack)
            case Phase.IDLE:
                await self.all_answered(PATIENCE)
            case _:
                pass
        await self._moment(self._start_seconds if target is Phase.STARTING else _LINGER.get(target, 0.1))

    async def _moment(self, most: float) -> None:
        await asyncio.sleep(self.rng.uniform(0, most))

    async def _request(self, fits: Callable[[RequestRecord], bool]) -> None:
        last = len(self.stage.claude.requests)
        await self.stage.claude.requests.wait_for(
            lambda record: record.number > last and fits(record),
            timeout=PATIENCE,
        )

    async def _strike(self, fault: Fault, on: str, predicate: Callable[[TLObject], bool] | None = None) -> None:
        """Return when the fault has struck."""
        rule = self.stage.telegram.faults.add(fault, on, user_id=self.scene.assistant.id, predicate=predicate)
        await rule.struck(PATIENCE)

    async def _delivery(self, target: Phase, stack: contextlib.AsyncExitStack) -> None:
        """Telegram holds the call up, does it and holds its answer up, or loses that; or it asks to wait."""
        release = asyncio.Event()
        stack.callback(release.set)
        chat = self.scene.friend if target is Phase.TOOL_SENDING else self.scene.owner
        method = "messages.sendMessage" if target is Phase.TOOL_SENDING else self.rng.choice(DELIVERIES)
        self.model.pace = "slow" if method == "messages.editMessage" else None
        fault = self.rng.choice((Delay(release), Delay(release, handled=True), LoseAnswer()))
        if target is Phase.COMMITTED:
            fault = Refuse(420, "FLOOD_WAIT_3")
        await self._strike(fault, method, lambda request: self.scene.is_to(chat, request))

    # ---- without killing it ----

    @asynccontextmanager
    async def alive(self) -> AsyncGenerator[Daemon]:
        """One life from start to stop."""
        self.scene.begin_life()
        daemon = await self.stage.start(account=self.scene.assistant)
        try:
            yield daemon
        except TimeoutError as error:
            raise TimeoutError(f"unanswered: {self.scene.unanswered()}\n{daemon.log}") from error
        finally:
            await daemon.stop()

    async def work(self, most: float) -> None:
        """Let the owner send, and a random while pass."""
        self.send_number()
        await self._moment(most)
        self.model.forgetful = self.rng.random() < 0.4

    def calm(self) -> None:
        """No more faults: nothing is held up or lost from here on."""
        self.stage.telegram.faults.clear()
        self.model.pace = None

    async def settle(self) -> None:
        """A clean life, in which everything is answered and delivered."""
        self.calm()
        async with self.alive():
            await self.all_delivered()

    async def all_delivered(self) -> None:
        """Return once everything is answered and nothing waits. Raises TimeoutError."""
        await self.all_answered()
        await self.stage.nothing_waits(SETTLE_SECONDS)
