"""A meeting is negotiated among three people who never learn of each other, through a kill in the middle."""

from __future__ import annotations

import json
import re
from collections import Counter

from scheduling import Scheduler, Talker, errand_id

from jobs.sandbox.claude import ModelRequest, Reply, call, say
from jobs.sandbox.person import Person
from jobs.sandbox.stage import Stage
from roles import Roles, requests_of

NAMES = ("Anna", "Boris", "Clara")
CREATE = call(
    "mcp__jobs__create_task",
    user=["@anna", "@boris", "@clara"],
    title="A call on Tuesday",
    description="Find one time for a call of half an hour.",
    kind="meeting",
    context={
        "skill": "schedule-meeting",
        "slots": ["2027-03-02 12:00-18:00"],
        "duration": 30,
        "zone": "Europe/Berlin",
        "where": "video call",
    },
)
FIRST = "Could you make a video call on Tuesday at 15:00?"
SECOND = "Could you make a video call on Tuesday at 16:30?"
THANKS = "Thank you, I will come back to you."
SETTLED = "It is settled: Tuesday at 16:30, a video call of 30 minutes."
WORDS = {
    "Anna": ["Tuesday at 15:00 suits me", "16:30 is fine, too"],
    "Boris": ["I am at the dentist's then, rather at 16:30"],
    "Clara": ["yes, 16:30"],
}


def read_errand(request: ModelRequest) -> Reply:
    """The owner's session looks the errand up that it has begun."""
    created = next(text for text in request.all_texts if text.startswith("Errand "))
    return call("mcp__jobs__get_task", task_id=created.split()[1])


def quote_boris(request: ModelRequest) -> Reply:
    """It answers with what stands behind Boris's name."""
    said = re.search(r"\d\d:\d\d Boris: <quoted (\w+)>(.*?)</quoted \1>", request.tool_results[0].plain)
    assert said is not None
    return say(said[2])


async def negotiate(stage: Stage, scheduler: Scheduler, people: dict[str, Person]) -> None:
    """From the first answers to the last; the program is killed when it has heard the second of them."""
    daemon = await stage.start()
    owner = await stage.person()
    await owner.ask("Agree on a call with Anna, Boris and Clara on Tuesday afternoon", "I am on it.")
    for person in people.values():
        await person.wait_for_text(FIRST)
    await people["Anna"].ask(WORDS["Anna"][0], THANKS)
    await people["Boris"].send(WORDS["Boris"][0])
    await scheduler.holding.wait()
    await daemon.kill()
    scheduler.go_on.set()
    await stage.start()
    await people["Anna"].wait_for_text(SECOND)
    await people["Clara"].wait_for_text(SECOND)
    await people["Clara"].send(WORDS["Clara"][0])
    await people["Anna"].send(WORDS["Anna"][1])
    for person in people.values():
        await person.wait_for_text(SETTLED)
    told = await owner.wait_for_text("The call is on Tuesday at 16:30, with all three.")
    assert "A call on Tuesday" in told.text
    assert (await owner.ask("What did Boris say exactly?", WORDS["Boris"][0])).text == WORDS["Boris"][0]
    ahead = await owner.ask("/tasks", "The call: 2027-03-02 15:30")
    assert "errands" not in ahead.text
    await stage.nothing_waits()
    assert sum("A call on Tuesday: ✅ settled: Tuesday 16:30" in text for text in owner.texts) == 1


async def test_three_people_agree_on_a_time_without_learning_of_each_other_through_a_kill(stage: Stage) -> None:
    roles, scheduler = Roles(), Scheduler(hold_at="Boris")
    roles.owner.on_text("Agree on a call", CREATE).on_text("What did Boris say", read_errand)
    roles.owner.on_result("Said:", quote_boris).on_result("Errand", "I am on it.")
    roles.errand.on(lambda _: True, scheduler)
    roles.person.on(lambda _: True, Talker())
    stage.claude.script = roles
    people = {name: await stage.person(stage.world.add_user(name, username=name.lower())) for name in NAMES}
    await negotiate(stage, scheduler, people)

    assert Counter(people["Anna"].texts) == Counter([FIRST, THANKS, SECOND, THANKS, SETTLED])
    assert Counter(people["Boris"].texts) == Counter([FIRST, THANKS, SETTLED])
    assert Counter(people["Clara"].texts) == Counter([FIRST, SECOND, THANKS, SETTLED])
    assert all(seen.edits == 0 for person in people.values() for seen in person.received)

    talks = requests_of(stage, "person")
    assert len({errand_id(request) for request in talks}) == 1
    for request in talks:
        body = json.dumps(json.loads(request.body), ensure_ascii=False)
        assert not any(name in body for name in NAMES)
        assert FIRST in body or SECOND in body  # what it is that they answer
        assert sum(any(words in body for words in WORDS[name]) for name in NAMES) == 1
    errands = requests_of(stage, "errand")
    assert all("# Agreeing on a time" in "\n".join(request.all_texts) for request in errands[1:])
    assert stage.rows("SELECT status, result FROM tasks") == [("done", "Tuesday 16:30")]
    reminder = stage.rows("SELECT kind, prompt, next_run, state FROM schedules")
    assert reminder == [("reminder", "Call at 16:30", "2027-03-02T14:30:00.000+00:00", "active")]
