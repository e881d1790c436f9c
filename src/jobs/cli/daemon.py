"""`jobs run`: the assistant itself, or the watch over a new version of it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence

from jobs.core.errors import ConfigError, StorageError
from jobs.core.i18n import Language
from jobs.core.settings import Settings, load_settings
from jobs.updating.go import GO, Leave
from jobs.updating.launch import become, is_led, leader
from jobs.updating.problems import UpdateError
from jobs.updating.state import Releases


def lead(arguments: Sequence[str], language: Language) -> None:
    """Leave the command to the release that is to run, if that is another; settings that are wrong are told later."""
    if is_led():
        return
    try:
        found = leader(load_settings().data_dir)
    except ConfigError:
        return
    except UpdateError as error:
        print(f"✗ {error.say(language)}", file=sys.stderr)
        return
    if found is not None:
        become(*found, arguments, os.environ)


def main(settings: Settings) -> int:
    """The exit code. Raises JobsError when it cannot start or go on."""
    gate = os.environ.pop(GO, "")
    inherited = dict(os.environ)  # the assistant forgets what is secret in it; whoever follows needs it
    if not gate and (code := _watch(settings, inherited)) is not None:
        return code
    from jobs.app import run

    if not asyncio.run(run(settings, inherited, lambda: Leave(int(gate)) if gate else None)):
        return 0
    if gate:
        from jobs.updating.trial import START_AGAIN

        return START_AGAIN
    _go_on(settings, inherited)
    return 0


def _watch(settings: Settings, inherited: dict[str, str]) -> int | None:
    """While an update is being tried: its exit code. None where this version is to go on."""
    releases = Releases(settings.data_dir)
    try:
        state = releases.read()
    except UpdateError:
        return None  # it was told at the start of the command
    if state is None or state.phase == "settled":
        return None
    from jobs.updating.trial import START_AGAIN, Watch

    try:
        code = Watch(settings, releases, inherited).run(state)
    except ConfigError as error:  # somebody has the data now: no wrong setting, so whoever starts us may try again
        raise StorageError(str(error)) from error
    except UpdateError as error:
        if (now := releases.read()) is None or now.phase != "chosen":
            raise
        print(f"✗ {error.say(settings.console_language)}", file=sys.stderr)
        return None  # nothing was begun: a full disk must not keep the old version from running
    if code == START_AGAIN:
        _go_on(settings, inherited)
    return code


def _go_on(settings: Settings, inherited: dict[str, str]) -> None:
    """Start anew in the place of this process: as the version that is to run now."""
    state = Releases(settings.data_dir).now()
    python = Releases(settings.data_dir).python(state.current)
    become(python or sys.executable, state.current, ("run",), inherited)
