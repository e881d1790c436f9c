"""What is wrong with a SKILL.md is said so that it can be mended."""

from __future__ import annotations

import pytest

from jobs.skill_manager.manifest import BadManifest, Manifest, parse, problems, remarks, render

GOOD = Manifest("greet", "Says hello. Use it when somebody comes: a guest.", "Say hello.")
KNOWN = frozenset({"send_to_user", "Bash"})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Say hello.", "must begin with a line ---"),
        ("---\nname: greet\n", "must begin with a line ---"),
        ("---\nname: greet\ndescription: when: ever\n---\nHi", "is no YAML in line 3.*quotes"),
        ("---\nname: 12\n---\nHi", "name: it must be text"),
        ("---\n- a\n---\nHi", "must be lines"),
        ("---\nname: &a x\ndescription: *a\n---\nHi", "aliases"),
        (f"---\nname: {'[' * 9000}\n---\nHi", "cannot be read|no YAML"),
        ("---\nwhen: 2026-99-99\n---\nHi", "cannot be read"),
        (f"---\nname: greet\n---\n{'x' * 100_000}", "may have 100000 bytes"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_remedy(text: str, why: str) -> None:
    with pytest.raises(BadManifest, match=why):
        parse(text)


@pytest.mark.parametrize(
    ("manifest", "why"),
    [
        (Manifest("Greet You", "When asked.", "Hi"), "lower-case letters"),
        (Manifest("a" * 65, "When asked.", "Hi"), "at most 64"),
        (Manifest("other", "When asked.", "Hi"), "must be that of its folder"),
        (Manifest("greet", "", "Hi"), "is missing"),
        (Manifest("greet", "When " + "x" * 1020, "Hi"), "1025 characters, and 1024 are the most"),
        (Manifest("greet", "When asked.", ""), "text is empty"),
    ],
)
def test_every_problem_is_named(manifest: Manifest, why: str) -> None:
    [problem] = problems(manifest, "greet")
    assert why in problem


def test_what_makes_it_less_useful_is_remarked_upon() -> None:
    assert remarks(GOOD, KNOWN) == []
    assert "when to use it" in remarks(Manifest("greet", "Says hello.", "Hi"), KNOWN)[0]
    tools = ["Bash(git *, x)", "mcp__jobs__send_to_user", "mcp__weather__look", "Bush", "mcp__jobs__nothing"]
    [remark] = remarks(Manifest("greet", "When asked.", "Use mcp__jobs__magic.", tools), KNOWN)
    assert "no tool Bush, mcp__jobs__nothing, mcp__jobs__magic." in remark


def test_what_is_written_is_read_again_whatever_stands_in_it() -> None:
    manifest = Manifest("greet", "Когда: \"гость\" # --- 'x'", "Say:\n---\nhello", ["a(b, c)", "d"], {"license": "MIT"})
    assert parse(render(manifest)) == Manifest(
        "greet", manifest.description, manifest.body, ("a(b, c)", "d"), manifest.more
    )
    assert parse("\ufeff" + render(GOOD).replace("\n", "\r\n")).description == GOOD.description
