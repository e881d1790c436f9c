"""Running a call so that it happens once: recorded before, and its result and messages together after."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping

from pydantic import BaseModel, ValidationError

from jobs.core.errors import JobsError, ToolDenied, ToolError, ToolFailed, ToolRetry
from jobs.core.journal import Journal, RecordedEffect
from jobs.tools.roles import Effect
from jobs.tools.spec import ToolContext, ToolSpec

log = logging.getLogger(__name__)


class ToolRunner:
    """Runs the calls of one session; the session says which attempt, and which turn of it, is underway."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.attempt = ""
        self.turn = 0

    async def run(self, spec: ToolSpec, context: ToolContext, arguments: dict[str, object]) -> str:
        """The tool's answer. Raises a ToolError that the model may read, and nothing else."""
        if context.role not in spec.roles:
            raise ToolDenied(f"{spec.name} is not available in this session.")
        try:
            params = spec.params.model_validate(arguments)
        except ValidationError as error:
            raise ToolRetry(_explain(error)) from None
        try:
            if spec.effect is Effect.READ:
                return await spec.handler(context, params)
            return await self._run_once(spec, context, params)
        except ToolError:
            raise
        except JobsError as error:
            raise ToolFailed(str(error)) from error
        except Exception as error:  # a handler ends here: the model gets a sentence, the log the traceback
            log.exception("The tool %s failed", spec.name)
            raise ToolFailed(f"{spec.name} failed unexpectedly ({type(error).__name__}).") from error

    async def is_repeat(self, spec: ToolSpec, session_key: str, arguments: Mapping[str, object]) -> bool:
        """Whether a call was made by an interrupted attempt already: it would get that one's result, and do nothing."""
        try:
            params = spec.params.model_validate(arguments)
        except ValidationError:
            return False
        async with self._journal.database.transaction() as tx:
            return await self._journal.effects.is_repeat(
                tx,
                session_key=session_key,
                attempt=self.attempt,
                tool=spec.name,
                arguments=_canonical(params),
                atomic=spec.atomic,
            )

    async def _run_once(self, spec: ToolSpec, context: ToolContext, params: BaseModel) -> str:
        arguments = _canonical(params)
        journal = self._journal
        async with journal.database.transaction() as tx:
            recorded = await journal.effects.begin(
                tx,
                tool_use_id=context.tool_use_id,
                session_key=context.session_key,
                attempt=self.attempt,
                tool=spec.name,
                arguments=arguments,
                atomic=spec.atomic,
                turn=self.turn,
            )
        if recorded is not None:
            return _recorded_result(spec, recorded)
        try:
            result = await spec.handler(context, params)
            async with journal.database.transaction() as tx:
                for change in context.changes:
                    await change(tx)
                for message in context.outgoing:
                    await journal.outbox.add(
                        tx,
                        message.chat_id,
                        message.content,
                        "tool",
                        reply_to=message.reply_to,
                        task_id=message.task_id,
                        file=message.file,
                        manner=message.manner,
                    )
                await journal.effects.end(tx, context.tool_use_id, "done", result)
        except Exception as error:  # a call that is cancelled stays "started": nobody knows how far it came
            async with journal.database.transaction() as tx:
                await journal.effects.end(tx, context.tool_use_id, "failed", str(error))
            raise
        if context.outgoing or context.changes:
            journal.ring()
        return result


def _canonical(params: BaseModel) -> str:
    return json.dumps(params.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)


def _recorded_result(spec: ToolSpec, recorded: RecordedEffect) -> str:
    if recorded.state == "done" and recorded.result is not None:
        return f"{recorded.result}\n(Done before an interruption; it was not done again.)"
    if recorded.state == "failed":
        raise ToolFailed(recorded.result or f"{spec.name} failed.")
    raise ToolFailed(
        f"This {spec.name} call was begun before an interruption and its outcome is unknown. "
        "Find out whether it took effect before calling it again."
    )


def _explain(error: ValidationError) -> str:
    problems = "; ".join(
        f"{'.'.join(str(p) for p in e['loc']) or 'arguments'}: {e['msg']}"
        for e in error.errors(include_url=False, include_context=False, include_input=False)
    )
    return f"The arguments do not fit: {problems}."
