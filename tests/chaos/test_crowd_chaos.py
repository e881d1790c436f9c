"""Whatever is killed, cut or lost: every person is answered once, with their own words, and the owner hears of each."""

import random

import pytest
from crowd import Crowd, CrowdModel
from tally import Tally

from jobs.sandbox.stage import Stage

pytestmark = pytest.mark.chaos


@pytest.mark.timeout(3600)
async def test_nobody_in_a_crowd_is_forgotten_answered_twice_or_told_what_others_said(
    stage: Stage, kills: int, tally: Tally, rng: random.Random
) -> None:
    model = CrowdModel(rng)
    stage.claude.script = model
    crowd = Crowd.on(stage, model, rng, tally)
    await crowd.begin()
    for _ in range(kills // 4):
        await crowd.life()
    await crowd.settle()
    crowd.count()
    assert tally.findings == []
