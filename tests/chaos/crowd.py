"""Several people who write numbers within one errand, and the model that answers each and tells the owner of each."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from numbers_model import Understanding, answer, answered_numbers, effect_text, request_text
from tally import Tally, repeated

from jobs.sandbox.claude import ModelRequest, Reply, Text, ToolUse, Usage
from jobs.sandbox.daemon import Daemon
from jobs.sandbox.stage import Stage
from jobs.sandbox.telegram.faults import LoseAnswer
from jobs.sandbox.telegram.world.model import User

BEGIN = "begin the errand"
_SMALL = Usage(input_tokens=1_000, output_tokens=50)
_ERRAND = re.compile(r"\bErrand (\w+):")
_NEWS = re.compile(r"\beffect (\d+)\b")
_SETTLE_SECONDS = 300.0


@dataclass
class CrowdModel:
    """Notes each number of a person in the errand, once, and echoes it; of each note it tells the owner."""

    rng: random.Random
    people: list[str] = field(default_factory=list[str])
    forgetful: bool = False

    async def __call__(self, request: ModelRequest) -> Reply:
        await asyncio.sleep(self.rng.choice((0.0, 0.0, 0.05, 0.3)))
        blocks = (
            self._as_person(request) if "You talk with one person" in request.system_text else self._as_owner(request)
        )
        return Reply(list(blocks), usage=_SMALL)

    def _as_person(self, request: ModelRequest) -> Iterator[Text | ToolUse]:
        known = Understanding.of(request.messages, forgetful=self.forgetful)
        if known.to_call:
            task_id = next(found[1] for text in request.all_texts if (found := _ERRAND.search(text)))
            for number in known.to_call:
                yield ToolUse("mcp__jobs__update_task", {"task_id": task_id, "note": effect_text(number)})
        else:
            yield Text("\n\n".join(answer(number, []) for number in sorted(known.open)) or "There is nothing to do.")

    def _as_owner(self, request: ModelRequest) -> Iterator[Text | ToolUse]:
        """What is new since the last answer is in the messages behind it."""
        news: dict[int, None] = {}
        begun = False
        for message in request.messages:
            if message.role == "assistant":
                calls = any(block.type == "tool_use" for block in message.content)
                news = news if calls else {}
                begun = begun and calls
            elif message.role == "user":
                text = "\n".join(block.plain for block in message.content)
                begun = begun or BEGIN in text
                news.update((int(number), None) for number in _NEWS.findall(text))
        created = any("Errand " in result.plain for result in request.tool_results)
        if begun and not created:
            yield ToolUse("mcp__jobs__create_task", {"user": list(self.people), "title": "numbers"})
        else:
            yield Text("\n\n".join(answer(number, []) for number in news) or "Begun.")


@dataclass
class Crowd:
    """The people, what they have sent, and what stands in their chats and the owner's."""

    stage: Stage
    model: CrowdModel
    rng: random.Random
    tally: Tally
    people: list[User] = field(default_factory=list[User])
    sent: dict[int, int] = field(default_factory=dict[int, int])
    """By number: who sent it."""

    @classmethod
    def on(cls, stage: Stage, model: CrowdModel, rng: random.Random, tally: Tally, size: int = 3) -> Crowd:
        crowd = cls(stage, model, rng, tally)
        crowd.people = [stage.world.add_user(f"Person {n}", username=f"person_{n}") for n in range(size)]
        model.people = [f"@{person.username}" for person in crowd.people]
        stage.extra["EXTERNAL_MESSAGES_PER_HOUR"] = "100000"
        return crowd

    async def begin(self) -> None:
        """The owner begins the errand, in a clean life."""
        daemon = await self.stage.start()
        self.stage.world.send_text(self.stage.owner, self.stage.assistant, BEGIN)
        await self.stage.world.wait_for(lambda: any(m.text == "Begun." for m in self._to(self.stage.owner)), 60)
        await self.stage.nothing_waits()
        await daemon.stop()

    async def life(self) -> None:
        """Start the daemon, let people write and things break, and kill it at any moment."""
        self.stage.telegram.calls.clear()
        self.model.forgetful = self.rng.random() < 0.4
        daemon = await self.stage.start(wait=False)
        tasks = [asyncio.create_task(self._write()), asyncio.create_task(self._break(daemon))]
        await asyncio.sleep(self.rng.uniform(0.5, 9.0))
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        await daemon.kill()
        for error in ended:
            if isinstance(error, Exception):
                raise error
        self.tally.mischief["SIGKILLs of the daemon"] += 1
        self.stage.daemons.remove(daemon)
        self.stage.telegram.faults.clear()

    async def settle(self) -> None:
        """A clean life, in which everything is answered, told and delivered."""
        self.stage.telegram.faults.clear()
        daemon = await self.stage.start()
        try:
            await self.stage.world.wait_for(self._all_is_said, _SETTLE_SECONDS)
            await self.stage.nothing_waits(_SETTLE_SECONDS)
        except TimeoutError as error:
            raise TimeoutError(f"missing: {self._missing()}\n{daemon.log}") from error
        finally:
            await daemon.stop()

    def count(self) -> None:
        """Look at everything once the daemon has been stopped."""
        find, tally = self.tally.find, self.tally
        notes = [note for (note,) in self.stage.rows("SELECT change FROM task_history WHERE change LIKE 'note: %'")]
        tally.counts = {"numbers sent": len(self.sent), "people": len(self.people)}
        for person in self.people:
            mine = [number for number, sender in self.sent.items() if sender == person.id]
            answers = self._answers(person)
            name = person.first_name
            find(f"answers to {name} missing", sorted(set(mine) - set(answers)))
            find(f"answers to {name} twice", repeated(answers))
            find(f"words for others told to {name}", sorted(set(answers) - set(mine)))
        told = self._answers(self.stage.owner)
        find("news missing", sorted(set(self.sent) - set(told)))
        find("news twice", repeated(told))
        wanted = [f"note: {effect_text(number)}" for number in self.sent]
        find("notes missing", sorted(set(wanted) - set(notes)))
        find("notes twice", repeated(notes))
        find("inbox rows open", self.stage.rows("SELECT id, state FROM inbox WHERE state <> 'done'"))
        find("outbox rows unsent", self.stage.rows("SELECT id, state FROM outbox WHERE state <> 'sent'"))

    # ---- what happens meanwhile ----

    async def _write(self) -> None:
        while True:
            await asyncio.sleep(self.rng.expovariate(2))
            if len(self._missing()) < 12:
                person = self.rng.choice(self.people)
                number = len(self.sent) + 1
                self.stage.world.send_text(person, self.stage.assistant, request_text(number))
                self.sent[number] = person.id

    async def _break(self, daemon: Daemon) -> None:
        """Claude's processes die once in a life at most: after three deaths in a row a message is set aside."""
        kill_at = self.rng.randint(0, 6)
        for turn in range(1000):
            await asyncio.sleep(self.rng.expovariate(1))
            if turn == kill_at:
                self.tally.mischief["CLI kills"] += daemon.kill_claude()
            elif self.rng.random() < 0.5:
                cut = self.stage.telegram.drop_connections(self.stage.assistant.id)
                self.tally.mischief["connection cuts"] += cut
            else:
                self.stage.telegram.faults.add(
                    LoseAnswer(disconnect=True), "messages.sendMessage", user_id=self.stage.assistant.id
                )
                self.tally.mischief["lost answers"] += 1

    # ---- what stands in the chats ----

    def _to(self, user: User) -> list[object]:
        history = self.stage.world.messages_between(self.stage.assistant, user)
        return [message for message in history if message.sender == self.stage.assistant.id]

    def _answers(self, user: User) -> list[int]:
        with contextlib.suppress(KeyError):
            return [n for message in self._to(user) for n in answered_numbers(message.text) or ()]  # type: ignore[attr-defined]
        return []

    def _missing(self) -> set[int]:
        answered = {number for person in self.people for number in self._answers(person)}
        return set(self.sent) - (answered & set(self._answers(self.stage.owner)))

    def _all_is_said(self) -> bool:
        return not self._missing()
