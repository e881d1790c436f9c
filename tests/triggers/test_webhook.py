"""Other programs call: what is authentic and within bounds is journalled before it is accepted, and fires once."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from contextlib import aclosing

import httpx2
import pytest
from webhook_desk import WebhookDesk, deliver

from jobs.core.database import Database
from jobs.core.errors import ToolRetry
from jobs.triggers.deliveries import LARGEST, as_text
from jobs.triggers.filters import Filter
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
