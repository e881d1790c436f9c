"""What people write while nobody listens is all there afterwards, in its order."""

from jobs.sandbox.claude import call, say
from jobs.sandbox.stage import Stage
from roles import requests_of

COUNT = 130


async def test_more_than_a_page_of_a_persons_messages_is_read_whole_and_in_order(stage: Stage) -> None:
    stage.extra |= {"EXTERNAL_POLICY": "open", "EXTERNAL_MESSAGES_PER_HOUR": "1000"}
    first = await stage.start()
    masha = stage.world.add_user("Masha", username="masha")
    stage.world.send_text(masha, stage.assistant, "part 0")
    await stage.nothing_waits()
    await stage.world.wait_for(lambda: len(stage.world.messages_between(masha, stage.assistant)) > 1)
    await first.kill()
    for number in range(1, COUNT):
        stage.world.send_text(masha, stage.assistant, f"part {number}")
    await stage.start()
    await stage.claude.requests.wait_for(lambda r: r.request is not None and f"part {COUNT - 1}<" in r.request.prompt)
    told = "\n".join(requests_of(stage, "person")[-1].all_texts)
    places = [told.find(f">part {number}<") for number in range(COUNT)]
    assert -1 not in places
    assert places == sorted(places)


async def test_a_deadline_that_means_never_is_refused_and_breaks_nothing(stage: Stage) -> None:
    def script(request: object) -> object:
        results = [block.plain for block in request.tool_results]  # type: ignore[attr-defined]
        if results:
            return say(results[-1])
        never = "9999-12-31T23:59:59Z"
        return call("mcp__jobs__create_task", user="@masha", title="Some day", message="Hi", deadline=never)

    stage.claude.script = script  # type: ignore[assignment]
    stage.world.add_user("Masha", username="masha")
    await stage.start()
    owner = await stage.person()
    await owner.ask("begin", "is too far away")
    await owner.ask("/tasks", "There are no open errands")
