"""Whatever is killed, cut or lost, and whenever: each message is answered once and each tool acts once."""

import random
from collections.abc import Iterator

import pytest
from numbers_model import NumbersModel
from phases import Phase, Scene
from storm import Storm
from tally import Tally

from jobs.sandbox.stage import Stage

pytestmark = pytest.mark.chaos


@pytest.fixture
def model(stage: Stage, rng: random.Random) -> NumbersModel:
    model = NumbersModel(rng)
    stage.claude.script = model
    return model


def targets(rng: random.Random, count: int) -> Iterator[Phase | None]:
    """Every phase about equally often, in no order, and now and then none."""
    deck: list[Phase | None] = []
    for _ in range(count):
        if not deck:
            deck = [*Phase, None]
            rng.shuffle(deck)
        yield deck.pop()


@pytest.mark.timeout(7200)
async def test_a_daemon_killed_at_any_instant_answers_once_and_acts_once(
    stage: Stage, model: NumbersModel, kills: int, tally: Tally, rng: random.Random
) -> None:
    storm = Storm(Scene.on(stage), model, rng, tally)
    for target in targets(rng, kills):
        await storm.life(target)
    await storm.settle()
    tally.count(storm.scene)
    assert tally.findings == []


@pytest.mark.timeout(1800)
async def test_in_saved_messages_it_never_answers_itself_whenever_it_is_killed(
    stage: Stage, model: NumbersModel, kills: int, tally: Tally, rng: random.Random
) -> None:
    storm = Storm(Scene.on(stage, saved_messages=True), model, rng, tally)
    async with storm.alive():
        pass  # what stands in Saved Messages before the first start is no request
    for target in targets(rng, kills // 4):
        await storm.life(target)
    await storm.settle()
    tally.count(storm.scene)
    assert tally.findings == []


@pytest.mark.timeout(1800)
async def test_a_claude_process_killed_at_any_instant_costs_no_answer_and_repeats_none(
    stage: Stage, model: NumbersModel, kills: int, tally: Tally, rng: random.Random
) -> None:
    storm = Storm(Scene.on(stage), model, rng, tally)
    async with storm.alive() as daemon:
        while tally.mischief["CLI kills"] < kills // 3:
            await storm.work(2.0)
            storm.kill_cli(daemon)
        await storm.all_delivered()
    tally.count(storm.scene)
    assert tally.findings == []


@pytest.mark.timeout(1800)
async def test_a_connection_that_breaks_and_loses_answers_costs_no_answer_and_repeats_none(
    stage: Stage, model: NumbersModel, kills: int, tally: Tally, rng: random.Random
) -> None:
    storm = Storm(Scene.on(stage), model, rng, tally)
    async with storm.alive():
        while tally.mischief.total() < kills:
            await storm.work(1.0)
            rng.choice((storm.cut, storm.lose_an_answer))()
        storm.calm()
        await storm.all_delivered()
    tally.count(storm.scene)
    assert tally.findings == []
