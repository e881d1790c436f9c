"""What is secret does not reach the model: not through its commands, nor through hooks."""

import json

from jobs.sandbox.claude import Rules, call
from jobs.sandbox.stage import Stage

PASSWORD = "the-proxys-word"
SHOW = "env; tr '\\0' '\\n' < /proc/self/environ; echo shown"


async def test_the_password_of_a_proxy_reaches_no_command_and_no_hook(stage: Stage) -> None:
    stage.extra["HTTP_PROXY"] = f"http://bob:{PASSWORD}@127.0.0.1:1"
    stage.extra["ANTHROPIC_BASE_URL"] = stage.claude.base_url.replace("http://", f"http://bob:{PASSWORD}@")
    hook = {"hooks": {"UserPromptSubmit": [{"hooks": [{"type": "command", "command": f"echo the hook; {SHOW}"}]}]}}
    (stage.workspace / ".claude").mkdir(parents=True)
    (stage.workspace / ".claude" / "settings.json").write_text(json.dumps(hook))
    stage.claude.script = Rules().on_text("show", call("Bash", command=SHOW)).on_result("shown", "Seen.")
    await stage.start()
    owner = await stage.person()
    await owner.ask("show", "Seen.")
    bodies = b"".join(request.body for request in stage.claude.requests.model)
    assert b"the hook" in bodies
    assert PASSWORD.encode() not in bodies
    assert stage.environment()["ANTHROPIC_API_KEY"].encode() not in bodies


async def test_a_proxy_without_a_password_serves_commands_too(stage: Stage) -> None:
    stage.extra["HTTP_PROXY"] = "http://127.0.0.1:1"
    stage.claude.script = Rules().on_text("show", call("Bash", command="echo $HTTPS_PROXY.")).on_result(":1.", "Seen.")
    await stage.start()
    owner = await stage.person()
    await owner.ask("show", "Seen.")
