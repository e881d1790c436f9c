"""A remote MCP server that wants its user to sign in, in a process of its own."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

_TEXT = '''
import base64, hashlib, json, secrets, sys, urllib.parse, uvicorn
from mcp.server.mcpserver import MCPServer

port, lives = int(sys.argv[1]), int(sys.argv[2])
base = f"http://127.0.0.1:{port}"
server = MCPServer("far")
codes, tokens, renewals, revoked, astray = {}, set(), set(), [], []

@server.tool()
def greet(name: str) -> str:
    "Greets somebody."
    return f"greetings {name}"

app = server.streamable_http_app()

def given():
    access, renewal = secrets.token_hex(), secrets.token_hex()
    tokens.add(access), renewals.add(renewal)
    return {"access_token": access, "token_type": "Bearer", "expires_in": lives, "refresh_token": renewal}

def answer(path, query, form, body):
    """What the server that gives tokens says: status, headers, content."""
    if path.startswith("/.well-known/oauth-protected-resource"):
        return 200, {}, {"resource": f"{base}/mcp", "authorization_servers": [f"{base}/door"]}
    if path == "/.well-known/oauth-authorization-server/door":
        return 200, {}, {
            "issuer": f"{base}/door",
            "authorization_endpoint": "http://example.org/ask" if astray else f"{base}/door/ask",
            "token_endpoint": f"{base}/door/give", "registration_endpoint": f"{base}/door/register",
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"], "token_endpoint_auth_methods_supported": ["none"],
        }
    if path == "/door/register":
        return 201, {}, {**json.loads(body), "client_id": "jobs"}
    if path == "/door/ask":
        code = secrets.token_hex()
        codes[code] = query["code_challenge"]
        back = urllib.parse.urlencode({"code": code, "state": query["state"]})
        return 302, {"location": f"{query['redirect_uri']}?{back}"}, {}
    if path == "/door/give" and form["grant_type"] == "authorization_code":
        proof = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        return (200, {}, given()) if codes.pop(form["code"], "") == proof else (400, {}, {"error": "invalid_grant"})
    if path == "/door/give":
        fits = form["refresh_token"] in renewals and not revoked
        return (200, {}, given()) if fits else (400, {}, {"error": "invalid_grant"})
    if path == "/revoke":
        tokens.clear(), revoked.append(True)
        return 200, {}, {}
    if path == "/lead-astray":
        astray.append(True)
        return 200, {}, {}
    return 404, {}, {}

async def guarded(scope, receive, send):
    if scope["type"] != "http":
        return await app(scope, receive, send)
    bearer = dict(scope["headers"]).get(b"authorization", b"").decode().removeprefix("Bearer ")
    if scope["path"] == "/mcp" and bearer in tokens:
        return await app(scope, receive, send)
    body = b""
    while True:
        part = await receive()
        body += part.get("body", b"")
        if not part.get("more_body"):
            break
    if scope["path"] == "/mcp":
        where = f'Bearer resource_metadata="{base}/.well-known/oauth-protected-resource/mcp"'
        status, headers, content = 401, {"www-authenticate": where}, {}
    else:
        query = dict(urllib.parse.parse_qsl(scope["query_string"].decode()))
        form = dict(urllib.parse.parse_qsl(body.decode()))
        status, headers, content = answer(scope["path"], query, form, body)
    headers = {"content-type": "application/json", **headers}
    named = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": named})
    await send({"type": "http.response.body", "body": json.dumps(content).encode()})

class Announced(uvicorn.Server):
    async def startup(self, sockets=None):
        await super().startup(sockets)
        print("ready", flush=True)

Announced(uvicorn.Config(guarded, host="127.0.0.1", port=port, log_level="error")).run()
'''


@asynccontextmanager
async def far_server(folder: Path, port: int, *, lives: int = 3600) -> AsyncGenerator[str]:
    """Its address, while it runs; `lives`: the seconds for which it says that a token is good."""
    path = folder / "far.py"
    path.write_text(_TEXT)
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(path), str(port), str(lives), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            assert await process.stdout.readline() == b"ready\n"
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        await process.communicate()
