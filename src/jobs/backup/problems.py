"""Why a backup cannot be made or brought back."""

from __future__ import annotations

from jobs.core.errors import SpokenError, StorageError


class BackupError(SpokenError, StorageError):
    """Nothing was changed, unless the sentence says so."""
