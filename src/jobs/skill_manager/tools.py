"""What the owner's session does with skills."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from pydantic import BaseModel, Field

from jobs.core.errors import ToolDenied, ToolFailed, ToolRetry
from jobs.core.i18n import Language, Words
from jobs.core.rich_text import visible
from jobs.core.words import skills as words
from jobs.intake.bounds import BadSource
from jobs.skill_manager.importing import Offered, fetched, fingerprint, install, offered, shown
from jobs.skill_manager.manager import SkillManager
from jobs.skill_manager.manifest import Manifest, full_name, parse, remarks
from jobs.skill_manager.store import Listed, SkillProblem, SkillStore
from jobs.tools.approvals import Call
from jobs.tools.gate import canonical
from jobs.tools.roles import Effect, Role
from jobs.tools.server import SERVER_NAME
from jobs.tools.spec import ToolContext, tool

_NEXT = "It counts from the owner's next message on."
_MOST_SHOWN = 18_000
_MOST_FILES = 50


class NewSkill(BaseModel):
    """Parameters of skill_create."""

    name: str = Field(description="Lower-case letters, digits, hyphens")
    description: str = Field(description="What it does, and when to use it (“Use it when …”)")
    algorithm: str = Field(description="Markdown: what is to be done, step by step")
    tools: list[str] = Field(default=[], description="Tools that it needs, by name")


@tool(
    Role.OWNER,
    effect=Effect.POWER,
    status=Words(en="🎓 learning: {name}", ru="🎓 учусь: {name}"),
    atomic=False,
)
async def skill_create(ctx: ToolContext, params: NewSkill) -> str:
    """Write a new skill: a trade of your own, for work that will come again."""
    manager = ctx.use(SkillManager)
    tools = [full_name(name, manager.known_tools) for name in params.tools]
    manifest = Manifest(params.name.strip(), params.description.strip(), params.algorithm, tools)
    _insist(remarks(manifest, manager.known_tools))
    folder = await manager.run(lambda store: store.create(manifest))
    return f"The skill {manifest.name} stands in {folder}. {_NEXT}"


class NoParameters(BaseModel):
    """No parameters."""


@tool(
    Role.OWNER,
    effect=Effect.READ,
    status=Words(en="🎓 looking through my skills", ru="🎓 смотрю свои навыки"),
)
async def skill_list(ctx: ToolContext, params: NoParameters) -> str:
    """List the skills, with what is wrong with them and what can be brought back."""
    del params
    manager = ctx.use(SkillManager)
    return await manager.run(_overview)


class Named(BaseModel):
    """Parameters of skill_show and skill_delete."""

    name: str = Field(description="Which one", min_length=1, max_length=200)


@tool(
    Role.OWNER,
    effect=Effect.READ,
    status=Words(en="🎓 looking at {name}", ru="🎓 смотрю {name}"),
)
async def skill_show(ctx: ToolContext, params: Named) -> str:
    """Show a skill whole: its state, its SKILL.md and its files."""
    manager = ctx.use(SkillManager)

    def show(store: SkillStore) -> str:
        skill, folder = store.one(params.name), store.folder(params.name)
        others = [str(path) for path in store.files(skill.name)]
        try:
            text = store.text(skill.name)
            said = remarks(parse(text), manager.known_tools) if not skill.wrong else ()
        except SkillProblem:
            text, said = "", ()
        more = f"\n[… {len(text) - _MOST_SHOWN} characters more: read the file]" if len(text) > _MOST_SHOWN else ""
        beside = f"Other files: {', '.join(others[:_MOST_FILES])}{' …' if len(others) > _MOST_FILES else ''}\n"
        notes = "".join(f"Note: {remark}\n" for remark in said)
        return f"{_line(skill)}\nIn {folder}\n{beside if others else ''}{notes}\n{text[:_MOST_SHOWN]}{more}"

    return await manager.run(show)


class Change(BaseModel):
    """Parameters of skill_edit; what is left out stays as it is."""

    name: str = Field(description="Which one", min_length=1, max_length=200)
    description: str = Field(default="", description="What it does, and when to use it")
    algorithm: str = Field(default="", description="The whole text anew")
    tools: list[str] | None = Field(default=None, description="Tools that it needs, by name")
    enabled: bool | None = Field(default=None, description="Whether it is switched on")
    version: Literal["", "former", "shipped"] = Field(
        default="",
        description="former: as it was before the last edit or deletion; shipped: the one that comes with the program",
    )


@tool(
    Role.OWNER,
    effect=Effect.POWER,
    status=Words(en="🎓 changing {name}", ru="🎓 меняю {name}"),
    atomic=False,
)
async def skill_edit(ctx: ToolContext, params: Change) -> str:
    """Change a skill, switch it on or off, or bring another version of it back."""
    manager = ctx.use(SkillManager)
    rewritten = bool(params.description.strip() or params.algorithm.strip() or params.tools is not None)
    if params.version and rewritten:
        raise ToolRetry("Take another version in a call of its own, then change it.")
    if not params.version and not rewritten and params.enabled is None:
        raise ToolRetry("Say what is to be changed: description, algorithm, tools, enabled or version.")

    def edit(store: SkillStore) -> str:
        match params.version:
            case "former":
                store.bring_back(params.name.strip())
            case "shipped":
                store.take_shipped(params.name.strip())
            case _ if rewritten:
                _rewrite(store, manager, params)
            case _:
                pass
        if params.enabled is not None:
            store.switch(params.name, on=params.enabled)
        return _line(store.one(params.name))

    return f'{await manager.run(edit)}\n{_NEXT} What it was: skill_edit(version="former").'


def _rewrite(store: SkillStore, manager: SkillManager, params: Change) -> None:
    before = parse(store.text(params.name))
    tools = before.tools if params.tools is None else [full_name(name, manager.known_tools) for name in params.tools]
    after = replace(
        before,
        name=store.folder(params.name).name,
        description=params.description.strip() or before.description,
        body=params.algorithm if params.algorithm.strip() else before.body,
        tools=tools,
    )
    said = [
        remark for remark in remarks(after, manager.known_tools) if remark not in remarks(before, manager.known_tools)
    ]
    if said:
        raise SkillProblem("\n".join(said))
    store.change(params.name, after)


@tool(
    Role.OWNER,
    effect=Effect.POWER,
    status=Words(en="🎓 putting {name} away", ru="🎓 убираю {name}"),
    atomic=False,
)
async def skill_delete(ctx: ToolContext, params: Named) -> str:
    """Delete a skill; it is kept aside for a while."""
    await ctx.use(SkillManager).run(lambda store: store.delete(params.name))
    return f'{params.name} is deleted. skill_edit(name="{params.name}", version="former") brings it back.'


class Source(BaseModel):
    """Parameters of skill_import."""

    source: str = Field(
        description="A folder, an archive (.zip, .tar.gz) by path, or a git address (https://…)",
        min_length=1,
        max_length=1000,
    )
    name: str = Field(default="", description="Of several skills in it, the one to take")


@tool(
    Role.OWNER,
    effect=Effect.POWER,
    status=Words(en="🎓 taking a skill from {source}", ru="🎓 беру навык из {source}"),
    atomic=False,
    asks=True,
)
async def skill_import(ctx: ToolContext, params: Source) -> str:
    """Install skills from elsewhere, once the owner has seen what is in them and said yes.

    The program asks the owner itself.
    """
    manager = ctx.use(SkillManager)
    try:
        async with fetched(params.source.strip(), manager.workspace, manager.staging, manager.proxy) as content:
            wanted = params.name.strip()
            skills = await manager.run(lambda store: offered(content, store, wanted, manager.known_tools))
            call = await asyncio.to_thread(_question, ctx, params, skills, manager.language)
            names = ", ".join(skill.name for skill in skills)
            notes = "".join(f"\n{skill.name}: {remark}" for skill in skills for remark in skill.remarks)
            if not await manager.approvals.use_permission(call):
                await manager.approvals.ask(call)
                raise ToolDenied(
                    f"Nothing is installed yet: the owner is shown what is in {names} now, and asked. End your turn: "
                    f"you will be woken with the answer; make the same call then.{notes}"
                )
            await manager.run(lambda store: install(skills, store))
    except BadSource as error:
        raise ToolRetry(str(error)) from None
    except OSError as error:
        raise ToolFailed(f"It cannot be read: {error.strerror or error}.") from error
    return f"Installed: {names}. {_NEXT}{notes}"


def _question(ctx: ToolContext, params: Source, skills: Sequence[Offered], language: Language) -> Call:
    return Call(
        session_key=ctx.session_key,
        task_id=None,
        tool=f"mcp__{SERVER_NAME}__{skill_import.name}",
        arguments=canonical(params.model_dump()),
        errand="",
        what=skill_import.status.say(language, source=visible(params.source)[:200]),
        shown=shown(skills, language),
        why=words.IMPORT_WHY.say(language),
        people=fingerprint(skills),
    )


def _insist(problems: Sequence[str]) -> None:
    if problems:
        raise ToolRetry("\n".join(problems))


def _overview(store: SkillStore) -> str:
    skills = store.list()
    lines = [_line(skill) for skill in skills] or ["There are no skills yet."]
    there = {skill.name for skill in skills}
    if gone := [name for name in store.kept.names() if name not in there]:
        lines.append(f'Deleted, brought back by skill_edit(version="former"): {", ".join(gone)}')
    if away := [name for name in store.shipped.deleted() if name not in there and name not in gone]:
        lines.append(f'Deleted, to be had again by skill_edit(version="shipped"): {", ".join(away)}')
    return "\n".join(lines)


def _line(skill: Listed) -> str:
    states = {
        None: "the owner's",
        "as shipped": "came with the program",
        "edited": "came with the program, edited here",
        "outdated": 'edited here, and the program comes with a newer version: skill_edit(version="shipped") takes it',
    }
    off = "" if skill.enabled else ", SWITCHED OFF"
    wrong = "".join(f"\n  ⚠ {problem}" for problem in skill.wrong)
    return f"- {skill.name} ({states[skill.shipped]}{off}): {' '.join(skill.description.split())}{wrong}"


TOOLS = (skill_create, skill_list, skill_show, skill_edit, skill_delete, skill_import)
