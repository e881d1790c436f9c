"""Remote servers that the owner signs in to: by the browser of this machine, or by an address from the chat."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from far_server import far_server
from jobs.core.clock import SystemClock
from jobs.core.errors import ToolRetry
from jobs.mcp_manager.config import Server
from jobs.mcp_manager.signing_in import SignInNeeded, SignIns
from jobs.mcp_manager.trial import TrialFailed
from loopback import free_port


@dataclass
class Desk:
    """A server, the files of those that are signed in to, and what the owner is told."""

    root: Path
    address: str
    told: list[tuple[str, str | None]] = field(default_factory=list[tuple[str, str | None]])

    def __post_init__(self) -> None:
        self.server = Server(kind="remote", url=f"{self.address}/mcp", transport="http")
        self.sign_ins = SignIns(lambda name: self.root / name, SystemClock(), self._hear)

    async def _hear(self, name: str, problem: str | None) -> None:
        self.told.append((name, problem))

    @property
    def token(self) -> str:
        return json.loads((self.root / "far" / "sign_in.json").read_text())["tokens"]["access_token"]

    async def signs_in(self) -> None:
        link = await self.sign_ins.begin("far", self.server)
        back = await opened(link)
        await self.sign_ins.answer("far", back)


async def opened(link: str) -> str:
    """Where a browser is sent that opens it."""
    async with httpx2.AsyncClient(timeout=30) as browser:
        return (await browser.get(link)).headers["location"]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncGenerator[Desk]:
    async with far_server(tmp_path, free_port()) as address:
        desk = Desk(tmp_path / "mcp", address)
        yield desk
        await desk.sign_ins.close()


async def test_the_browser_of_this_machine_brings_the_answer(desk: Desk) -> None:
    with pytest.raises(SignInNeeded, match="wants the owner to sign in"):
        await desk.sign_ins.trial("far", desk.server)
    link = await desk.sign_ins.begin("far", desk.server)
    assert link.startswith(f"{desk.address}/door/ask?")
    assert await desk.sign_ins.begin("far", desk.server) == link, "one that is begun is good still"
    async with httpx2.AsyncClient(timeout=30, follow_redirects=True) as browser:
        page = await browser.get(link)
    assert "Done" in page.text
    await desk.sign_ins.answer("far", str(page.url))  # sent as well, which does no harm
    assert desk.told == [("far", None)]
    assert [tool.name for tool in (await desk.sign_ins.trial("far", desk.server)).tools] == ["greet"]
    path = desk.root / "far" / "sign_in.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in (desk.root / "far").iterdir() if one.is_file()] == [path.name]


async def test_an_address_from_the_chat_is_as_good_and_a_wrong_one_is_refused(desk: Desk) -> None:
    with pytest.raises(ToolRetry, match="Nobody is signing in"):
        await desk.sign_ins.answer("far", "http://127.0.0.1/callback?code=a&state=b")
    back = await opened(await desk.sign_ins.begin("far", desk.server))
    with pytest.raises(ToolRetry, match="code= and state="):
        await desk.sign_ins.answer("far", "done, thank you")
    await desk.sign_ins.answer("far", back)
    assert desk.told == [("far", None)]
    assert (await desk.sign_ins.trial("far", desk.server)).tools


async def test_an_answer_that_belongs_to_another_link_is_not_taken(desk: Desk) -> None:
    back = await opened(await desk.sign_ins.begin("far", desk.server))
    with pytest.raises(ToolRetry, match="belongs to another link"):
        await desk.sign_ins.answer("far", back.partition("&state=")[0] + "&state=other")
    assert not desk.sign_ins.is_signed_in("far", desk.server.url)
    assert desk.told == []
    await desk.sign_ins.answer("far", back)
    assert desk.sign_ins.is_signed_in("far", desk.server.url)


async def test_a_token_is_renewed_before_it_is_over_also_after_a_restart(tmp_path: Path) -> None:
    async with far_server(tmp_path, free_port(), lives=60) as address:
        desk = Desk(tmp_path / "mcp", address)
        await desk.signs_in()
        first, stamp = desk.token, desk.sign_ins.stamp("far")
        assert await desk.sign_ins.ends("far") is not None
        again = Desk(tmp_path / "mcp", address)
        assert (await again.sign_ins.trial("far", again.server)).tools
        assert again.token != first
        assert again.sign_ins.stamp("far") != stamp


async def test_who_is_signed_out_there_is_asked_to_sign_in_again(desk: Desk) -> None:
    await desk.signs_in()
    async with httpx2.AsyncClient() as client:
        await client.get(f"{desk.address}/revoke")
    with pytest.raises(SignInNeeded, match="again"):
        await desk.sign_ins.trial("far", desk.server)


async def test_a_link_that_no_owner_should_open_is_not_sent(desk: Desk) -> None:
    async with httpx2.AsyncClient() as client:
        await client.get(f"{desk.address}/lead-astray")
    with pytest.raises(TrialFailed, match="not safe to open"):
        await desk.sign_ins.begin("far", desk.server)


async def test_a_token_is_for_its_address_and_not_for_another_server_of_the_name(desk: Desk) -> None:
    await desk.signs_in()
    token, heard = desk.token, list[str]()

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(hear, "127.0.0.1", 0) as listener:
        url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/mcp"
        with pytest.raises(TrialFailed):
            await desk.sign_ins.trial("far", desk.server.model_copy(update={"url": url}))
    assert heard
    assert token not in "".join(heard)
    assert desk.sign_ins.is_signed_in("far", desk.server.url)


async def test_the_link_of_one_address_is_not_given_for_another(desk: Desk) -> None:
    link = await desk.sign_ins.begin("far", desk.server)
    other = desk.server.model_copy(update={"url": f"http://127.0.0.1:{free_port()}/mcp"})
    with pytest.raises(TrialFailed, match="does not say where"):
        await desk.sign_ins.begin("far", other)
    assert await desk.sign_ins.begin("far", desk.server) != link


async def test_a_sign_in_that_is_given_up_leaves_no_token(desk: Desk) -> None:
    back = await opened(await desk.sign_ins.begin("far", desk.server))
    await desk.sign_ins.forget("far")
    with pytest.raises(ToolRetry, match="Nobody is signing in"):
        await desk.sign_ins.answer("far", back)
    assert not (desk.root / "far" / "sign_in.json").exists()


async def test_what_does_not_belong_to_the_link_spoils_nothing(desk: Desk) -> None:
    link = await desk.sign_ins.begin("far", desk.server)
    back = await opened(link)
    async with httpx2.AsyncClient(timeout=30) as anybody:
        port = parse_qs(urlsplit(link).query)["redirect_uri"][0]
        assert (await anybody.get(f"{port}?code=a&state=b")).status_code == 404
    await desk.sign_ins.answer("far", back)
    assert desk.sign_ins.is_signed_in("far", desk.server.url)


async def test_a_file_that_cannot_be_read_ends_nothing(desk: Desk) -> None:
    (desk.root / "far" / "sign_in.json").mkdir(parents=True)
    assert await desk.sign_ins.ends("far") is None
    assert not desk.sign_ins.is_signed_in("far", desk.server.url)
