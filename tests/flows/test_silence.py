"""A turn that ends without a word leaves nothing on the screen, and nothing for the next answer to take up."""

import asyncio

import pytest

from jobs.sandbox.claude import ModelRequest, Reply, call
from jobs.sandbox.person import Person
from jobs.sandbox.stage import Stage
from jobs.sandbox.telegram.faults import Delay, LoseAnswer
from roles import Roles


class News:
    """An errand whose news the owner's session looks at with a tool, and keeps to itself."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.over = asyncio.Event()
        self.masha = stage.world.add_user("Masha", username="masha")
        begin = call("mcp__jobs__create_task", user="@masha", title="Report", message="When is the report?")
        roles = Roles()
        roles.owner.on(lambda request: "later" in request.prompt, "A later answer.")
        roles.owner.on_text("begin", begin).on_result(r"^Errand \w+ with", "Begun.")
        roles.owner.on_text("answered in errand", call("mcp__jobs__list_tasks")).on_result("Report", self.silent)
        roles.person.on_text("Friday", self.written_down).on_result("Recorded", "Thanks.")
        stage.claude.script = roles

    def written_down(self, _: ModelRequest) -> Reply:
        [(task_id,)] = self.stage.rows("SELECT id FROM tasks")
        return call("mcp__jobs__update_task", task_id=task_id, result="Friday")

    async def silent(self, _: ModelRequest) -> Reply:
        await self.over.wait()
        return Reply([])

    async def wait_for(self) -> Person:
        """Begin the errand; returns the owner."""
        owner = await self.stage.person()
        await owner.ask("begin", "Begun.")
        return owner

    async def come(self, owner: Person) -> None:
        """Returns when the owner sees what is being done about them."""
        self.stage.world.send_text(self.masha, self.stage.assistant, "Friday")
        await owner.wait_for(lambda seen: len(seen) == 3)


@pytest.fixture
def news(stage: Stage) -> News:
    return News(stage)


async def test_the_line_of_a_tool_goes_with_the_silent_turn_that_showed_it(stage: Stage, news: News) -> None:
    await stage.start()
    owner = await news.wait_for()
    await news.come(owner)
    news.over.set()
    await owner.wait_for(lambda seen: len(seen) == 2)
    question = await owner.send("and later?")
    answer = await owner.wait_for_text("A later answer.")
    assert answer.id > question
    await stage.nothing_waits()


async def test_a_line_that_a_kill_left_on_the_screen_goes_at_the_next_start(stage: Stage, news: News) -> None:
    daemon = await stage.start()
    owner = await news.wait_for()
    await news.come(owner)
    never = stage.telegram.faults.add(Delay(asyncio.Event()), "messages.deleteMessages", user_id=stage.assistant.id)
    news.over.set()
    await never.struck()
    await daemon.kill()
    await stage.start()
    await owner.wait_for(lambda seen: len(seen) == 2)
    await stage.nothing_waits()


async def test_a_line_whose_id_a_kill_made_unknown_goes_at_the_next_start(stage: Stage, news: News) -> None:
    daemon = await stage.start()
    owner = await news.wait_for()
    lost = stage.telegram.faults.add(
        LoseAnswer(), "messages.sendMessage", predicate=lambda call: call.peer.user_id == stage.owner.id
    )
    await news.come(owner)
    await lost.struck()
    news.over.set()
    await stage.world.wait_for(lambda: stage.rows("SELECT 1 FROM outbox WHERE state = 'draft'") == [])
    await daemon.kill()
    await stage.start()
    await owner.wait_for(lambda seen: len(seen) == 2)
    await stage.nothing_waits()
