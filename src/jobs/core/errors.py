"""Every error the program raises on purpose; foreign exceptions become one of these at the edge."""

from __future__ import annotations

from datetime import datetime

from jobs.core.i18n import Language, Words


class JobsError(Exception):
    """The root: whatever is not a JobsError is a bug."""


class SpokenError(JobsError):
    """What a person is told of it: what happened, what it means and what to do, in their language."""

    def __init__(self, sentence: Words, **values: object) -> None:
        super().__init__(sentence.say("en", **values))
        self.why = sentence
        self._values = values

    def say(self, language: Language) -> str:
        """The sentence."""
        return self.why.say(language, **self._values)


class ConfigError(JobsError):
    """The settings cannot work; `problems` holds one sentence for each thing that is wrong."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class StorageError(JobsError):
    """The database or a file of ours cannot be read or written."""


class NotStartedError(JobsError):
    """A service was asked for before the application started it, or after it stopped."""


class NotFound(JobsError):
    """What was asked for does not exist."""


class InvalidSchedule(JobsError):
    """A time, a cron line or a zone cannot be understood."""


class TelegramError(JobsError):
    """Telegram refused or failed a call."""


class RetryLater(TelegramError):
    """Telegram asks to wait; `after` is in seconds."""

    def __init__(self, message: str, *, after: float) -> None:
        super().__init__(message)
        self.after = after


class NoAnswer(RetryLater):
    """The connection ended before Telegram answered: it may have done what it was asked, or do it yet."""


class Undeliverable(TelegramError):
    """This message can never be delivered as it is; `reason` is a key of `core.words.chat.REFUSALS`."""

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class AlreadySent(TelegramError):
    """Telegram has a message with this random_id already; it did not say which."""


class MessageGone(TelegramError):
    """The message to change is not in the chat any more."""


class SignedOut(TelegramError):
    """The Telegram session is no longer valid: somebody has to sign in again."""


class AgentError(JobsError):
    """The model's side failed."""


class AgentUnavailable(AgentError):
    """The Claude process cannot be started or has ended."""


class SessionLost(AgentError):
    """The conversation to resume no longer exists or cannot be read."""


class TurnFailed(AgentError):
    """A turn ended without an answer; `reason` names why, `retry_at` when trying again may help (UTC)."""

    def __init__(self, reason: str, message: str = "", *, retry_at: datetime | None = None) -> None:
        super().__init__(message or reason)
        self.reason = reason
        self.retry_at = retry_at


class ToolError(JobsError):
    """The only errors that the model gets to read."""


class ToolRetry(ToolError):
    """The call was malformed or untimely: the model may mend it and call again."""


class ToolFailed(ToolError):
    """The call was fine and failed all the same."""


class ToolDenied(ToolError):
    """The call is not allowed for this session."""
