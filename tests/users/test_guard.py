"""How a call is put to the owner: whole if it can be, else its beginnings and ends."""

from jobs.users.guard import shown


def test_a_call_of_common_length_is_shown_whole() -> None:
    assert shown({"user": "Anna", "message": "a\nb"}, 100, "en") == "user: Anna\nmessage: a\nb"


def test_of_a_huge_call_the_beginning_and_the_end_are_shown_and_how_much_is_not() -> None:
    content = "begin" + "x" * 60_000 + "; rm -rf /"
    text = shown({"content": content, "file_path": "/tmp/big"}, 3_000, "en")  # noqa: S108
    assert text.startswith("content: begin")
    assert "; rm -rf /\nfile_path: /tmp/big" in text
    assert "57023 characters are not shown" in text
    assert len(text) < 3_200
