"""Which typed messages send a file, and which are just text."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.cli.demo.files import Outgoing, parse_outgoing
from jobs.cli.terminal import readable_size


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "cat.jpg").touch()
    (tmp_path / "my cat.jpg").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("typed", "caption"),
    [
        ("~/cat.jpg", ""),
        ("@~/cat.jpg", ""),
        ("./cat.jpg", ""),
        ("@./cat.jpg", ""),
        ("{home}/cat.jpg", ""),
        ("@{home}/cat.jpg", ""),
        ("  ~/cat.jpg   look at  this\nplease ", "look at  this\nplease"),
        ("what is @~/cat.jpg doing?", "what is doing?"),
        ("@~/no.jpg and @~/cat.jpg", "@~/no.jpg and"),
    ],
)
def test_an_existing_path_sends_the_file_with_the_rest_as_caption(home: Path, typed: str, caption: str) -> None:
    sent = parse_outgoing(typed.format(home=home))
    assert sent.file is not None
    assert sent.file.resolve() == home / "cat.jpg"
    assert sent.text == caption


@pytest.mark.parametrize("typed", ["'~/my cat.jpg' hm", '@"~/my cat.jpg" hm', r"~/my\ cat.jpg hm"])
def test_a_path_with_spaces_is_quoted_or_escaped_as_terminals_do_it(home: Path, typed: str) -> None:
    assert parse_outgoing(typed) == Outgoing("hm", home / "my cat.jpg")


@pytest.mark.parametrize(
    "typed", ["/help", "/usage", "cat ~/cat.jpg", "cat.jpg", "@cat.jpg", "mail a@./cat.jpg", "1/2", "@", "'", "/", "~"]
)
def test_anything_else_is_text_as_it_was_typed(home: Path, typed: str) -> None:
    assert parse_outgoing(typed) == Outgoing(typed)


@pytest.mark.parametrize("typed", ["~/no.jpg", "see @~/no.jpg", "./no.jpg x"])
def test_a_path_that_leads_nowhere_is_text_and_named(home: Path, typed: str) -> None:
    sent = parse_outgoing(typed)
    assert (sent.text, sent.file) == (typed, None)
    assert sent.missing.endswith("no.jpg")


def test_a_folder_is_no_file(home: Path) -> None:
    assert parse_outgoing(f"{home}/").file is None


def test_sizes_are_for_people() -> None:
    assert [readable_size(n) for n in (0, 999, 1000, 1500, 20_400, 3_210_000, 50_000_000)] == [
        "0 B",
        "999 B",
        "1.0 kB",
        "1.5 kB",
        "20 kB",
        "3.2 MB",
        "50 MB",
    ]
