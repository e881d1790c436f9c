"""EXTERNAL_POLICY and the limits of each person: whose messages cost anything at all."""

from __future__ import annotations

import pytest
from scheduling import theirs

from jobs.sandbox.claude import Reply, Text, Usage, call
from jobs.sandbox.stage import Stage
from roles import Roles, requests_of

ENOUGH = "I will read on a little later."
ERRAND = call("mcp__jobs__create_task", user="@tina", title="The keys")


def echo() -> Roles:
    """Everybody else is told what they said; the owner can begin an errand with Tina and set Anna's limit."""
    roles = Roles()
    price = Usage(input_tokens=100_000, output_tokens=10)
    roles.person.on(lambda _: True, lambda r: Reply([Text(f"You said: {theirs(r)}")], usage=price))
    roles.owner.on_text("Ask Tina", ERRAND).on_result("Errand", "I see to it.")
    roles.owner.on_text("Let Anna", call("mcp__jobs__set_user_limits", user="@anna", messages_per_hour=10, daily_usd=9))
    roles.owner.on_result("Set for", "She may.").on(lambda _: True, "Fine.")
    return roles


@pytest.mark.parametrize(
    ("policy", "answered"),
    [
        ("open", {"stranger", "contact", "tina"}),
        ("contacts", {"contact", "tina"}),
        ("tasks", {"tina"}),
        ("closed", set()),
    ],
)
async def test_a_policy_lets_in_whom_it_names(stage: Stage, policy: str, answered: set[str]) -> None:
    stage.extra |= {"EXTERNAL_POLICY": policy}
    stage.claude.script = echo()
    users = {
        "stranger": stage.world.add_user("Stranger", username="stranger"),
        "contact": stage.world.add_user("Contact", username="contact", contact_of=[stage.assistant]),
        "tina": stage.world.add_user("Tina", username="tina"),
    }
    await stage.start()
    owner = await stage.person()
    await owner.ask("Ask Tina for the keys", "I see to it.")
    people = {name: await stage.person(user) for name, user in users.items()}
    for name, person in people.items():
        await person.send(f"it is {name}")
    for name in answered:
        await people[name].wait_for_text(f"You said: ['it is {name}']")
    await owner.ask("hi", "Fine.")
    await stage.nothing_waits()
    assert {name for name, person in people.items() if person.received} == answered
    assert len(requests_of(stage, "person")) == len(answered)
    assert not any("has written to me" in text for text in owner.texts)


async def test_in_the_owners_own_account_only_people_with_an_errand_are_answered(stage: Stage) -> None:
    stage.extra |= {"EXTERNAL_POLICY": "open"}
    stage.claude.script = echo()
    friend = stage.world.add_user("Friend", username="friend", contact_of=[stage.owner])
    tina = await stage.person(stage.world.add_user("Tina", username="tina"), stage.owner)
    await stage.start(account=stage.owner)
    owner = await stage.person(stage.owner, stage.owner)
    stage.world.send_text(friend, stage.owner, "party tonight?")
    await owner.send("Ask Tina for the keys")
    await stage.world.wait_for(
        lambda: "I see to it." in [m.text for m in stage.world.history(stage.owner, stage.owner)]
    )
    await tina.ask("here they are", "You said: ['here they are']")
    await stage.nothing_waits()
    assert [m.text for m in stage.world.messages_between(friend, stage.owner)] == ["party tonight?"]
    assert "party tonight?" not in str([request.body for request in stage.claude.requests.model])


async def test_beyond_the_hourly_limit_one_polite_sentence_and_the_rest_once_the_owner_allows_more(
    stage: Stage,
) -> None:
    stage.extra |= {"EXTERNAL_POLICY": "open", "EXTERNAL_MESSAGES_PER_HOUR": "2"}
    stage.claude.script = echo()
    daemon = await stage.start()
    owner = await stage.person()
    await owner.ask("hi", "Fine.")
    anna = await stage.person(stage.world.add_user("Anna", username="anna"))
    for text in ("one", "two", "three", "four"):
        await anna.send(text)
    await anna.wait_for_text(ENOUGH)
    await anna.wait_for_text("You said: ['one', 'two']")
    notice = await owner.wait_for_text("Anna has reached their limit")
    assert "To change that, tell me." in notice.text
    await daemon.wait_for_log("answered 2 messages")
    await daemon.kill()
    await stage.start()
    await anna.send("five")
    await owner.ask("Let Anna write more", "She may.")
    await anna.wait_for_text("You said: ['three', 'four', 'five']")
    await stage.nothing_waits()
    assert sum(ENOUGH in text for text in anna.texts) == 1
    assert sum("reached their limit" in text for text in owner.texts) == 1


async def test_beyond_the_daily_dollars_one_polite_sentence_and_the_rest_once_the_owner_allows_more(
    stage: Stage,
) -> None:
    stage.extra |= {"EXTERNAL_POLICY": "open", "EXTERNAL_DAILY_USD": "0.10"}
    stage.claude.script = echo()
    daemon = await stage.start()
    owner = await stage.person()
    await owner.ask("hi", "Fine.")
    anna = await stage.person(stage.world.add_user("Anna", username="anna"))
    await anna.ask("one", "You said: ['one']")
    await daemon.wait_for_log("Session user:")
    await anna.ask("ещё два", "дочитаю чуть позже")
    await anna.send("три")
    notice = await owner.wait_for_text("Anna has reached their limit")
    assert "00:00" in notice.text
    await owner.ask("Let Anna write more", "She may.")
    await anna.wait_for_text("You said: ['ещё два', 'три']")
    await stage.nothing_waits()
    assert len(anna.received) == 3
    assert sum("reached their limit" in text for text in owner.texts) == 1
