"""The derived pages in the checkout say what the code says."""

from __future__ import annotations

from pathlib import Path

import pytest
from dotenv import dotenv_values

from jobs.cli.docs import pages
from jobs.core.settings import Settings, variable_name

CHECKOUT = Path(__file__).parents[2]


@pytest.mark.parametrize("page", sorted(pages()), ids=str)
def test_a_derived_page_is_up_to_date(page: Path) -> None:
    written = (CHECKOUT / page).read_text(encoding="utf-8")
    assert written == pages()[page], "run `make docs`"


def test_every_setting_is_explained_with_a_meaning() -> None:
    text = pages()[Path("docs/settings.md")]
    for name, field in Settings.model_fields.items():
        assert f"| `{variable_name(name)}` |" in text
        assert field.description


def test_the_example_env_file_sets_nothing_until_it_is_filled_in() -> None:
    assert not any(dotenv_values(CHECKOUT / ".env.example").values())
