"""Why there is no update."""

from __future__ import annotations

from jobs.core.errors import SpokenError


class UpdateError(SpokenError):
    """Everything is as it was, unless the sentence says otherwise."""
