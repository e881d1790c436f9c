"""The owner's view of errands: what /tasks answers."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from jobs.core.i18n import Language
from jobs.core.words import people as words
from jobs.users.models import ConversationTask
from jobs.users.repository import UsersRepository

_LONGEST_STEP = 200


async def tasks_text(repository: UsersRepository, zone: ZoneInfo, language: Language) -> str:
    """The open errands with status and next step, as Markdown; "" when there are none."""
    async with repository.journal.database.transaction() as tx:
        errands = await repository.errands.list(tx)
    if not errands:
        return ""
    now = repository.clock.now()

    def line(errand: ConversationTask) -> str:
        state = words.OVERDUE if errand.is_overdue(now) else words.STATUS[errand.status]
        deadline = ""
        if errand.deadline is not None:
            deadline = words.UNTIL.say(language, time=f"{errand.deadline.astimezone(zone):%Y-%m-%d %H:%M}")
        step = words.NEXT_STEP.say(language, step=errand.next_step[:_LONGEST_STEP]) if errand.next_step else ""
        return words.ERRAND_LINE.say(
            language,
            id=errand.id,
            title=errand.title,
            who=errand.names,
            state=state.say(language),
            deadline=deadline,
            next=step,
        )

    return "\n\n".join([words.ERRANDS_TITLE.say(language), *(line(errand) for errand in errands)])
