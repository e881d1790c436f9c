"""A stranger can talk to it, never through it: hostile words against a model that obeys every one of them."""

from __future__ import annotations

import pytest
from corpus import CATEGORIES, played
from evidence import Evidence
from siege import Siege

from jobs.sandbox.stage import Stage

GROUPS = {"claims-and-wishes": CATEGORIES[:10], "disguises-and-detours": CATEGORIES[10:]}


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("group", GROUPS)
async def test_nothing_gets_through_the_wall(group: str, stage: Stage, request: pytest.FixtureRequest) -> None:
    inputs = [hostile for hostile in played(turn=0) if hostile.category in GROUPS[group]]
    async with Siege.laid(stage, inputs) as siege:
        await siege.run()
        evidence = Evidence(siege)
        findings = evidence.findings()
        request.node.user_properties.append(("table", evidence.table(findings)))
    assert findings == {}
