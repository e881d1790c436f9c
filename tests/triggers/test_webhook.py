"""Other programs call: what is authentic and within bounds is journalled before it is accepted, and fires once."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager

import httpx2
import pytest
from webhook_desk import WebhookDesk, deliver

from jobs.core.database import Database
from jobs.core.errors import ToolRetry
from jobs.triggers.deliveries import LARGEST, as_text
from jobs.triggers.filters import Filter
from jobs.triggers.manager import TriggerManager
from jobs.triggers.sources.webhook import MOST_WAITING, PER_MINUTE, Webhook
from jobs.triggers.subscriptions import Subscriptions


@pytest.fixture
def desk(database: Database) -> WebhookDesk:
    return WebhookDesk(database)


def bearer(secret: str, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}", **{name.replace("_", "-"): value for name, value in more.items()}}


async def test_an_authentic_delivery_is_journalled_when_it_is_accepted(desk: WebhookDesk) -> None:
    hook = await desk.subscribe()
    async with desk.running() as client:
        answer = await deliver(client, json.dumps({"door": "front", "кто": "Маша"}), bearer(hook.secret))
        assert answer.status_code == 202
        [row] = await desk.waiting("trigger:lumo")
    assert row.message.event is not None
    assert '"кто": "Маша"' in row.message.event.quoted["what was sent"]
    assert "Say who rings" in row.message.event.facts


async def test_a_signature_of_the_body_is_as_good_as_the_secret(desk: WebhookDesk) -> None:
    hook = await desk.subscribe()
    signature = hmac.new(hook.secret.encode(), b"ding", hashlib.sha256).hexdigest()
    async with desk.running() as client:
        signed = {"X-Hub-Signature-256": f"sha256={signature}"}
        assert (await deliver(client, "ding", signed)).status_code == 202
        assert (await deliver(client, "dong", signed)).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [{}, bearer("wrong"), {"X-Webhook-Secret": "told"}, {"X-Hub-Signature-256": "sha256="}, {"Authorization": "é"}],
)
async def test_without_the_secret_nothing_is_told_and_nothing_happens(
    desk: WebhookDesk, headers: dict[str, str]
) -> None:
    await desk.subscribe()
    async with desk.running() as client:
        here = await deliver(client, "ding", headers)
        nowhere = await deliver(client, "ding", headers, hook="nori")
    assert (here.status_code, here.text) == (nowhere.status_code, nowhere.text) == (401, nowhere.text)
    assert desk.fired == []


async def test_a_repeated_delivery_fires_once_and_others_each(desk: WebhookDesk) -> None:
    hook = await desk.subscribe()
    async with desk.running() as client:
        for delivery in ("a", "a", "b"):
            answer = await deliver(client, "ding", bearer(hook.secret, X_Delivery_Id=delivery))
            assert answer.status_code == 202
        for _ in range(2):  # two rings that look alike are two rings
            desk.clock.moves(seconds=1)
            assert (await deliver(client, "ding", bearer(hook.secret))).status_code == 202
    assert len(desk.fired) == 4


async def test_what_is_too_large_or_no_text_is_refused(desk: WebhookDesk) -> None:
    hook = await desk.subscribe()

    async def endless():  # type: ignore[no-untyped-def]
        for _ in range(100):
            yield b"x" * 4096

    async with desk.running() as client:
        assert (await deliver(client, b"x" * (LARGEST + 1), bearer(hook.secret))).status_code == 413
        streamed = await client.post("/hooks/lumo", content=endless(), headers=bearer(hook.secret))
        assert streamed.status_code == 413
        assert (await deliver(client, b"\xff\xfe", bearer(hook.secret))).status_code == 415
        assert (await client.get("/hooks/lumo", headers=bearer(hook.secret))).status_code == 405
        assert (await client.post("/", content=b"")).status_code == 404
    assert desk.fired == []


async def test_too_many_deliveries_are_told_to_wait(desk: WebhookDesk) -> None:
    hook = await desk.subscribe()
    async with desk.running() as client:
        codes: list[int] = []
        for number in range(PER_MINUTE + 1):
            answer = await deliver(client, "ding", bearer(hook.secret, X_Delivery_Id=str(number)))
            codes.append(answer.status_code)
            if number == MOST_WAITING - 2:
                await desk.end("trigger:lumo", "")
        assert codes[-1] == 429
        assert int(answer.headers["Retry-After"]) > 0
    assert len(desk.fired) == codes.count(202) == PER_MINUTE


async def test_while_too_many_runs_wait_nothing_more_is_taken(desk: WebhookDesk) -> None:
    hook = await desk.subscribe()
    async with desk.running() as client:
        codes = [
            (await deliver(client, f"{n}", bearer(hook.secret, X_Delivery_Id=str(n)))).status_code for n in range(21)
        ]
    assert codes == [202] * MOST_WAITING + [429]


async def test_a_filter_costs_no_run_and_a_paused_hook_takes_nothing(desk: WebhookDesk) -> None:
    hook = await desk.subscribe(Filter(words=("failed",)))
    async with desk.running() as client:
        assert (await deliver(client, "build passed", bearer(hook.secret))).status_code == 200
        assert (await deliver(client, "build failed", bearer(hook.secret))).status_code == 202
        await desk.set(hook, state="paused")
        assert (await deliver(client, "build failed", bearer(hook.secret))).status_code == 409
    assert len(desk.fired) == 1


async def test_what_cannot_be_journalled_is_not_accepted(desk: WebhookDesk) -> None:
    hook = await desk.subscribe()
    async with desk.running() as client:
        await deliver(client, "ding", bearer(hook.secret))
    source = desk.started()

    async def breaks() -> None:
        async with aclosing(source.events()) as events:
            async for _ in events:
                return  # the journal refuses: the run of the source ends

    task = asyncio.create_task(breaks())
    async with desk.running():  # its port is taken: it ends at once, and the first goes on
        pass
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{desk.port}", trust_env=False) as client:
        assert (await deliver(client, "dong", bearer(hook.secret))).status_code == 503
    await task
    assert len(desk.fired) == 1


async def test_a_delivery_that_cannot_be_journalled_costs_no_other(desk: WebhookDesk) -> None:
    hook = await desk.subscribe()
    async with desk.database.transaction() as tx:
        await tx.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON trigger_events WHEN NEW.key LIKE '%bad%' "
            "BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
    async with _managed(desk, desk.started(), pause=3600) as client:
        sent = await asyncio.gather(
            *(deliver(client, "ding", bearer(hook.secret, x_delivery_id=name)) for name in ("one", "bad", "two"))
        )
    assert [response.status_code for response in sent] == [202, 503, 202]
    assert len(await desk.waiting("trigger:lumo")) == 2


async def test_a_server_that_has_ended_is_started_again(desk: WebhookDesk) -> None:
    hook = await desk.subscribe()
    async with _managed(desk, desk.started()) as client:
        assert (await deliver(client, "ding", bearer(hook.secret))).status_code == 202
        first = await _server()
        first.cancel()
        assert await _server(other_than=first)
        assert (await deliver(client, "dong", bearer(hook.secret))).status_code == 202


async def _server(*, other_than: asyncio.Task[object] | None = None) -> asyncio.Task[object]:
    async with asyncio.timeout(60):
        while True:
            for task in asyncio.all_tasks():
                if task.get_name() == "web hooks" and task is not other_than:
                    return task
            await asyncio.sleep(0.01)


@asynccontextmanager
async def _managed(desk: WebhookDesk, source: Webhook, pause: float = 0) -> AsyncGenerator[httpx2.AsyncClient]:
    """The source in the manager's care, and a program that calls it."""

    async def report(name: str, _: Exception | None) -> None:
        raise AssertionError(name)

    running = asyncio.create_task(TriggerManager([source], desk.executor, report, pause=pause).run())
    try:
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{desk.port}", trust_env=False) as client:
            yield client
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_the_owner_is_sent_the_secret_once_and_the_model_never_sees_it(desk: WebhookDesk) -> None:
    hook = await desk.subscribe()
    for _ in range(2):
        async with desk.running() as client:
            await deliver(client, "ding", {})
    [told] = [text for text in await desk.told() if "doorbell" in text]
    assert hook.secret in told
    assert f"127.0.0.1:{desk.port}/hooks/lumo" in told
    resolved = await desk.started().resolve("doorbell", Filter())
    assert resolved.secret not in resolved.note
    assert hook.secret not in desk.started().describe(hook)


async def test_switched_off_it_listens_nowhere_and_says_how_to_switch_it_on(desk: WebhookDesk) -> None:
    source = Webhook(
        Subscriptions(desk.clock), desk.journal, desk.clock, port=0, owner_chat=1, language="en"
    )  # fmt: skip
    with pytest.raises(ToolRetry, match="WEBHOOK_PORT"):
        await source.resolve("doorbell", Filter())
    waiting = asyncio.ensure_future(anext(source.events()))
    done, _ = await asyncio.wait({waiting}, timeout=0.05)
    assert not done
    waiting.cancel()


def test_json_is_read_as_such_and_control_characters_are_left_out() -> None:
    assert as_text(b'{"a":[1]}') == '{\n "a": [\n  1\n ]\n}'
    assert as_text(b"a\x00b\x1b[31m\n\xe2\x80\xaec") == "ab[31m\nc"
    assert as_text(b"[" * 60_000).startswith("[[[")
    nested = b"[" * 30_000 + b"]" * 30_000
    assert as_text(nested) == nested.decode()
    assert as_text(b'{"msg": "cut \\ud83d"}') == '{\n "msg": "cut ?"\n}'


async def test_half_a_character_is_a_delivery_like_any_other(desk: WebhookDesk) -> None:
    hook = await desk.subscribe()
    async with desk.running() as client:
        answer = await deliver(client, b'{"msg": "cut \\ud83d"}', bearer(hook.secret, X_Delivery_Id="1"))
    assert answer.status_code == 202


async def test_of_a_long_delivery_the_end_is_shown_too(desk: WebhookDesk) -> None:
    hook = await desk.subscribe()
    log = "\n".join(f"line {number}" for number in range(5000)) + "\nERROR: no space left"
    async with desk.running() as client:
        assert (await deliver(client, log, bearer(hook.secret))).status_code == 202
    [event] = desk.fired
    quoted = event.context.quoted["what was sent"]
    assert quoted.startswith("line 0\n")
    assert quoted.endswith("ERROR: no space left")
    assert f"{len(log) - 8000} characters are left out here" in quoted


def test_deep_nesting_is_left_as_it_came() -> None:
    body = "[" * 800 + "1," * 30_000 + "1" + "]" * 800
    assert as_text(body.encode()) == body


async def test_of_deliveries_at_once_no_more_wait_than_may(desk: WebhookDesk) -> None:
    hook = await desk.subscribe()
    async with desk.running() as client:
        await deliver(client, "first", bearer(hook.secret))
        sent = await asyncio.gather(
            *(deliver(client, f"{n}", bearer(hook.secret, X_Delivery_Id=str(n))) for n in range(29))
        )
    assert [answer.status_code for answer in sent].count(202) <= MOST_WAITING - 1
    assert len(desk.fired) <= MOST_WAITING


async def test_what_the_filter_stops_does_not_count_against_what_it_lets_pass(desk: WebhookDesk) -> None:
    hook = await desk.subscribe(Filter(words=("failed",)))
    async with desk.running() as client:
        for number in range(PER_MINUTE + 1):
            headers = bearer(hook.secret, X_Delivery_Id=str(number))
            assert (await deliver(client, "build passed", headers)).status_code == 200
        assert (await deliver(client, "build failed", bearer(hook.secret))).status_code == 202


@pytest.mark.parametrize("name", ["build 7", "x" * 500, "сборка"])
async def test_any_delivery_id_names_a_delivery(desk: WebhookDesk, name: str) -> None:
    hook = await desk.subscribe()
    async with desk.running() as client:
        for _ in range(2):
            desk.clock.moves(seconds=1)
            headers = {"authorization": f"bearer {hook.secret}", "X-Delivery-Id": name}
            assert (await deliver(client, "ding", headers)).status_code == 202
    assert len(desk.fired) == 1
