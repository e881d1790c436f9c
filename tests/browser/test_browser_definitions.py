"""What the model is told of the browser's tools, and what may be done with them unasked."""

from jobs.browser.definitions import EFFECTS, FILE, asked_for, by_cli_name, definitions
from jobs.tools.roles import Effect

# Written by hand: what is done unasked where words of strangers are in play.
UNASKED = {
    "snapshot", "take_screenshot", "find", "console_messages", "network_requests", "network_request", "wait_for",
    "downloads", "close", "resize", "emulate_media", "hover", "tabs", "navigate_back", "hand_over",
}  # fmt: skip


def test_what_is_told_is_what_the_pinned_server_says() -> None:
    told = [tool for tool in definitions() if tool["name"] not in ("browser_downloads", "browser_hand_over")]
    assert told == asked_for(), f"{FILE} is old: run `python -m jobs.browser.definitions`"


def test_each_tool_has_an_effect_and_running_code_is_power() -> None:
    assert {tool["name"] for tool in definitions()} == EFFECTS.keys()
    power = {name for name, effect in EFFECTS.items() if effect is Effect.POWER}
    assert power == {"browser_evaluate", "browser_run_code_unsafe"}
    unasked = {name for name, effect in EFFECTS.items() if effect in (Effect.READ, Effect.STATE)}
    assert unasked == {f"browser_{name}" for name in UNASKED}
    assert all(name.startswith("mcp__browser__browser_") for name in by_cli_name())


def test_no_tool_writes_files_and_none_but_navigate_takes_an_address() -> None:
    for tool in definitions():
        assert "filename" not in tool["inputSchema"]["properties"]
        assert ("url" in tool["inputSchema"]["properties"]) == (tool["name"] == "browser_navigate")
