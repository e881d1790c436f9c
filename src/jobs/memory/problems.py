"""Why a note cannot be read or written, said in a sentence."""

from __future__ import annotations

import errno

from jobs.core.errors import StorageError
from jobs.core.i18n import Language, Words
from jobs.core.words import memory as words

_OF_ERRNO = {
    errno.ENOENT: words.MISSING,
    errno.ELOOP: words.SYMLINK,
    errno.ENOTDIR: words.SYMLINK,
    errno.EISDIR: words.A_FOLDER,
    errno.ENAMETOOLONG: words.NAME_TOO_LONG,
    errno.EACCES: words.NO_RIGHTS,
    errno.EPERM: words.NO_RIGHTS,
    errno.EROFS: words.READ_ONLY,
    errno.ENOSPC: words.DISK_FULL,
    errno.EDQUOT: words.DISK_FULL,
    errno.EFBIG: words.DISK_FULL,
}


class NoteError(StorageError):
    """A note cannot be used, and stays as it is; `path` is its name as the caller knows it."""

    def __init__(self, path: str, why: Words, **values: object) -> None:
        self.path = path
        self._why = why
        self._values = values
        super().__init__(f"{path}: {self.reason('en')}.")

    def reason(self, language: Language) -> str:
        """What is wrong and what to do, without the name."""
        return self._why.say(language, **self._values)


class BadPath(NoteError):
    """The name is that of no note."""


class Missing(NoteError):
    """There is no such note."""


def of_system(path: str, error: OSError) -> NoteError:
    """What the system said about a note."""
    if error.errno == errno.ENOENT:
        return Missing(path, words.MISSING)
    why = _OF_ERRNO.get(error.errno or 0)
    if why is None:
        return NoteError(path, words.REFUSED, reason=error.strerror or type(error).__name__)
    return NoteError(path, why)
