"""What an import has done so far, printed as it goes."""

from __future__ import annotations

from jobs.core.i18n import Language, Words
from jobs.core.words import importing as words
from jobs.memory.problems import NoteError

_MOST_LEFT = 60


class Report:
    """Prints a line for each thing that was taken or left."""

    def __init__(self, language: Language, source: str, target: str, *, dry_run: bool) -> None:
        self.language: Language = language
        self.dry_run = dry_run
        self._target = target
        self._failed = False
        self._left = 0
        self._remarks: dict[str, None] = {}
        self._say(words.FROM_TO, source=source, target=target)

    def taken(self, source: str, target: str, count: int, *, new: bool) -> None:
        """Something is in its place: `count` parts of it are new there."""
        if count == 0:
            self._say(words.THERE, source=source, target=target)
        else:
            self._say(words.TAKEN if new else words.ADDED, source=source, target=target, count=count)

    def left(self, source: str, why: Words | NoteError, **values: object) -> None:
        """Something was not taken, and that is how it is meant."""
        self._left += 1
        if self._left <= _MOST_LEFT:
            reason = why.reason(self.language) if isinstance(why, NoteError) else why.say(self.language, **values)
            self._say(words.LEFT, source=source, reason=reason)

    def failed(self, source: str, error: NoteError) -> None:
        """Something could not be written."""
        self._failed = True
        self._say(words.LEFT, source=source, reason=f"{error.path}: {error.reason(self.language)}")

    def remark(self, sentence: Words, **values: object) -> None:
        """Something to be said at the end, once."""
        self._remarks[sentence.say(self.language, **values)] = None

    def close(self) -> int:
        """Say how it ended; returns the exit code."""
        if self._left > _MOST_LEFT:
            self._say(words.AND_MORE, count=self._left - _MOST_LEFT)
        for remark in self._remarks:
            print(remark)
        end = words.WRITTEN_NOTHING if self.dry_run else words.FAILED if self._failed else words.DONE
        self._say(end, target=self._target)
        return 1 if self._failed else 0

    def _say(self, sentence: Words, **values: object) -> None:
        line = sentence.say(self.language, **values)
        # A name of a file may hold anything, even what moves the cursor.
        print("".join(char if char.isprintable() else ascii(char)[1:-1] for char in line))
