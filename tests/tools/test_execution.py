"""A call takes effect once, however often its attempt is interrupted, and the model reads sentences alone."""

from __future__ import annotations

import asyncio
import logging

import pytest
from tool_desk import CHAT, TOOLS, Desk, Greet, greet, look, refuse, ring

from interruption import cancelled_everywhere
from jobs.core.errors import NotFound, RetryLater, ToolDenied, ToolFailed, ToolRetry
from jobs.core.i18n import Words
from jobs.core.rich_text import RichText
from jobs.tools.roles import Effect, Role
from jobs.tools.spec import ToolContext, ToolSpec, tool


async def test_a_call_is_recorded_before_it_runs_and_its_result_after(desk: Desk) -> None:
    seen: list[list[tuple[str, str | None]]] = []

    @tool(Role.OWNER, effect=Effect.STATE, status=Words(en="x", ru="x"))
    async def spy(ctx: ToolContext, params: Greet) -> str:
        """Look at what is recorded."""
        seen.append(await desk.recorded())
        return "looked"

    assert await desk.call(spy) == "looked"
    assert seen == [[("started", None)]]
    assert await desk.recorded() == [("done", "looked")]


async def test_a_repeat_in_a_later_attempt_gets_the_recorded_result_and_does_not_run(desk: Desk) -> None:
    assert await desk.call(greet) == "greeting 1"
    desk.runner.attempt = "second"
    again = await desk.call(greet)
    assert again.startswith("greeting 1\n")
    assert "not done again" in again
    assert desk.world.greeted == ["Ada"]
    assert await desk.queued() == ["Hello, Ada!", "How are you?"]


async def test_arguments_that_mean_the_same_are_the_same_call(desk: Desk) -> None:
    await desk.call(greet, whom="Ada")
    desk.runner.attempt = "second"
    await desk.call(greet, times=1, whom="Ada")
    assert desk.world.greeted == ["Ada"]
    await desk.call(greet, whom="Ada", times=2)
    assert desk.world.greeted == ["Ada", "Ada"]


async def test_the_same_call_twice_in_one_attempt_runs_twice(desk: Desk) -> None:
    assert [await desk.call(greet), await desk.call(greet)] == ["greeting 1", "greeting 2"]
    desk.runner.attempt = "second"
    replayed = [(await desk.call(greet)).splitlines()[0] for _ in range(3)]
    assert replayed == ["greeting 1", "greeting 2", "greeting 3"]


async def test_another_sessions_effect_stands_in_for_nothing(desk: Desk) -> None:
    await desk.call(ring)
    desk.runner.attempt = "second"
    await desk.runner.run(ring, desk.context(role=Role.TASK), {"whom": "Ada"})
    assert desk.world.greeted == ["Ada", "Ada"]


async def test_a_reading_call_is_neither_recorded_nor_held_back(desk: Desk) -> None:
    assert await desk.call(look) == "look 1"
    desk.runner.attempt = "second"
    assert await desk.call(look) == "look 2"
    assert await desk.recorded() == []


async def test_a_call_that_may_have_taken_effect_has_an_unknown_outcome_and_does_not_run_again(desk: Desk) -> None:
    desk.world.failure = asyncio.CancelledError()
    with pytest.raises(asyncio.CancelledError):
        await desk.call(ring)
    desk.runner.attempt, desk.world.failure = "second", None
    with pytest.raises(ToolFailed, match="outcome is unknown"):
        await desk.call(ring)
    assert desk.world.greeted == ["Ada"]


async def test_a_call_that_takes_effect_in_its_record_runs_again_when_it_was_cut_off(desk: Desk) -> None:
    desk.world.failure = asyncio.CancelledError()
    with pytest.raises(asyncio.CancelledError):
        await desk.call(greet)
    desk.runner.attempt, desk.world.failure = "second", None
    assert await desk.call(greet) == "greeting 2"
    assert await desk.queued() == ["Hello, Ada!", "How are you?"]


async def test_a_call_that_failed_may_be_made_again(desk: Desk) -> None:
    with pytest.raises(ToolFailed, match="I would rather not"):
        await desk.call(refuse)
    assert await desk.recorded() == [("failed", "I would rather not.")]
    desk.runner.attempt = "second"
    with pytest.raises(ToolFailed, match="I would rather not"):
        await desk.call(refuse)
    assert len(await desk.recorded()) == 2


async def test_a_call_under_an_id_that_was_used_returns_what_that_one_did(desk: Desk) -> None:
    await desk.call(greet, call_id="the same")
    assert (await desk.call(greet, call_id="the same")).startswith("greeting 1\n")
    with pytest.raises(ToolFailed, match="I would rather not"):
        await desk.call(refuse, call_id="another")
    with pytest.raises(ToolFailed, match="I would rather not"):
        await desk.call(refuse, call_id="another")
    assert len(await desk.recorded()) == 2


async def test_messages_are_queued_with_the_result_or_not_at_all(desk: Desk) -> None:
    async def call(step: int) -> None:
        await desk.call(greet, whom=f"number {step}")

    async for step in cancelled_everywhere(call):
        texts = await desk.queued()
        recorded = await desk.recorded()
        done = ("done", f"greeting {len(desk.world.greeted)}") in recorded[-1:]
        assert (f"Hello, number {step}!" in texts) == done
        assert texts.count("How are you?") == [state for state, _ in recorded].count("done")


async def test_messages_of_a_call_that_failed_are_not_sent(desk: Desk) -> None:
    @tool(Role.OWNER, effect=Effect.OUTWARD, status=Words(en="x", ru="x"))
    async def change_ones_mind(ctx: ToolContext, params: Greet) -> str:
        """Write, then fail."""
        ctx.send(CHAT, RichText("never to be read"))
        raise NotFound("Nobody is there.")

    with pytest.raises(ToolFailed, match="Nobody is there"):
        await desk.call(change_ones_mind)
    assert await desk.queued() == []
    assert not desk.journal.queued.is_set()


async def test_the_sender_is_told_of_a_calls_messages(desk: Desk) -> None:
    await desk.call(ring)
    assert not desk.journal.queued.is_set()
    await desk.call(greet)
    assert desk.journal.queued.is_set()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({}, "whom"),
        ({"whom": ""}, "whom"),
        ({"whom": 5}, "whom"),
        ({"whom": "Ada", "times": "often"}, "times"),
        ({"times": "often"}, "times"),
    ],
)
@pytest.mark.parametrize("spec", [greet, look], ids=lambda spec: spec.name)
async def test_arguments_that_do_not_fit_name_the_field_and_nothing_runs(
    desk: Desk, spec: ToolSpec, arguments: dict[str, object], named: str
) -> None:
    with pytest.raises(ToolRetry, match=rf"do not fit: .*\b{named}: ") as caught:
        await desk.runner.run(spec, desk.context(), arguments)
    assert "pydantic" not in str(caught.value)
    assert desk.world.greeted == []
    assert await desk.recorded() == []


@pytest.mark.parametrize("spec", [greet, look], ids=lambda spec: spec.name)
async def test_a_tool_that_breaks_is_a_sentence_for_the_model_and_a_traceback_for_the_log(
    desk: Desk, spec: ToolSpec, caplog: pytest.LogCaptureFixture
) -> None:
    desk.world.failure = KeyError("/root/secret/path")
    with caplog.at_level(logging.ERROR), pytest.raises(ToolFailed) as caught:
        await desk.call(spec)
    assert str(caught.value) == f"{spec.name} failed unexpectedly (KeyError)."
    assert caplog.records[0].exc_info is not None
    assert "Traceback" in caplog.text


@pytest.mark.parametrize("spec", [greet, look], ids=lambda spec: spec.name)
async def test_an_error_of_ours_reaches_the_model_in_its_own_words(desk: Desk, spec: ToolSpec) -> None:
    desk.world.failure = RetryLater("Telegram asks to wait 5 s.", after=5)
    with pytest.raises(ToolFailed, match=r"^Telegram asks to wait 5 s\.$"):
        await desk.call(spec)


async def test_a_call_that_can_be_mended_stays_one(desk: Desk) -> None:
    desk.world.failure = ToolRetry("Say it in other words.")
    with pytest.raises(ToolRetry, match=r"^Say it in other words\.$"):
        await desk.call(greet)


DENIED = [(spec, role) for spec in TOOLS for role in Role if role not in spec.roles]


@pytest.mark.parametrize(("spec", "role"), DENIED, ids=lambda value: getattr(value, "name", str(value)))
async def test_a_tool_of_another_role_is_denied(desk: Desk, spec: ToolSpec, role: Role) -> None:
    with pytest.raises(ToolDenied, match=f"{spec.name} is not available"):
        await desk.runner.run(spec, desk.context(role=role), {"whom": "Ada"})
    assert desk.world.greeted == []
