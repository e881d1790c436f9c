"""Logging to stderr, one line an event; secrets never pass."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable

_OF_A_CONNECTION = (OSError, EOFError, BufferError, ValueError)


class SecretFilter(logging.Filter):
    """Replaces every known secret in a record by dots, whatever library logged it."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__()
        # Short values would blot out ordinary words.
        self._secrets = sorted({s for s in secrets if len(s) >= 8}, key=len, reverse=True)

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        clean = self.clean(text)
        if clean != text:
            record.msg, record.args = clean, None
        return True

    def clean(self, text: str) -> str:
        """`text` without the secrets."""
        for secret in self._secrets:
            text = text.replace(secret, "•••")
        return text


class _OneLine(logging.Filter):
    """Telethon logs two tracebacks for each connection to somebody who is not Telegram: the error's name is enough."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if record.name.startswith("telethon.network") and isinstance(error, _OF_A_CONNECTION):
            record.msg, record.args = f"{record.getMessage()}: {type(error).__name__}: {error}", None
            record.exc_info = None
        return True


class _Formatter(logging.Formatter):
    """Cleans tracebacks too: they are formatted after the filters ran."""

    def __init__(self, secrets: SecretFilter) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        return self._secrets.clean(super().format(record))


def configure_logging(level: str, secrets: Iterable[str]) -> None:
    """Send everything at `level` and above to stderr."""
    secret_filter = SecretFilter(secrets)
    handler = logging.StreamHandler(sys.stderr)
    if level.upper() != "DEBUG":
        handler.addFilter(_OneLine())
    handler.addFilter(secret_filter)
    handler.setFormatter(_Formatter(secret_filter))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for noisy in ("telethon", "httpx2", "httpcore2", "asyncio", "watchfiles"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # It logs what a server has answered with its traceback, tokens too; what went wrong is said by whoever called.
    logging.getLogger("mcp").setLevel(logging.CRITICAL)
