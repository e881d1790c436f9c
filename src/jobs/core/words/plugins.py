"""Plugins: the question before one is installed, and what is said of those that are damaged."""

from jobs.core.i18n import Words

INSTALL_WHY = Words(
    en="a plugin tells me what to do, and its servers and hooks run on this machine; "
    "install only what comes from somebody you trust",
    ru="плагин говорит мне, что делать, а его серверы и хуки запускаются на этой машине; "
    "ставьте только от тех, кому доверяете",
)
ABOUT = Words(
    en="🧩 {name} {version} by {author}: {description}", ru="🧩 {name} {version}, автор {author}: {description}"
)
UNNAMED = Words(en="nobody named", ru="не назван")
REPLACES = Words(en="(in place of the one you have: {version})", ru="(вместо вашего: {version})")
FROM = Words(en="from {origin}", ru="откуда: {origin}")
COMMIT = Words(en="commit {commit}", ru="коммит {commit}")
SKILLS = Words(en="🎓 skills: {names}", ru="🎓 навыки: {names}")
COMMANDS = Words(en="⌨️ commands: {names}", ru="⌨️ команды: {names}")
AGENTS = Words(en="🤖 agents: {names}", ru="🤖 агенты: {names}")
PROGRAMS = Words(en="⚙️ programs that my commands find: {names}", ru="⚙️ программы, доступные моим командам: {names}")
SERVER = Words(en="🔌 MCP server {name}: {runs}", ru="🔌 MCP-сервер {name}: {runs}")
KEYS = Words(en="   it is given: {keys}", ru="   ему передаётся: {keys}")
HOOK = Words(
    en="🪝 hook, runs by itself at {event} {matcher}: {runs}",
    ru="🪝 хук, запускается сам при {event} {matcher}: {runs}",
)
LEFT_OUT = Words(en="not taken: {what}", ru="не беру: {what}")
MORE = Words(en="… and {count} more", ru="… и ещё {count}")
NOTHING = Words(en="There is nothing in it that I can use.", ru="В нём нет ничего, чем я могу пользоваться.")
UNREADABLE = Words(
    en="🧩 {path} cannot be read ({why}), so I do without plugins. Give me the right to read it; nothing in it is changed.",
    ru="🧩 Не могу прочитать {path} ({why}), поэтому обхожусь без плагинов. Дайте мне право на чтение; я ничего в нём не меняю.",
)
GONE = Words(
    en="🧩 The folder of the plugin {name} is gone, so I do without it. “Remove {name}” forgets it; "
    "“install {name}” fetches it anew.",
    ru="🧩 Папка плагина {name} пропала, поэтому я обхожусь без него. «Удали {name}»: я о нём забуду; "
    "«установи {name}»: скачаю заново.",
)
SERVER_HANGS = Words(
    en="it passes its trial, and does not start in a conversation.",
    ru="проверку он проходит, а в разговоре не запускается.",
)
SERVER_FAILED = Words(
    en="🧩 The MCP server {name} of a plugin cannot be used, so I do without it: {problem} After a restart I try it again.",
    ru="🧩 MCP-сервер {name} из плагина не работает, поэтому я обхожусь без него: {problem} После перезапуска попробую "
    "снова.",
)
DAMAGED = Words(
    en="🧩 The list of your plugins was damaged. I have kept it as {aside} and begun a new one, so no plugin is "
    "switched on now. Tell me which ones to install again.",
    ru="🧩 Список ваших плагинов оказался повреждён. Я сохранил его как {aside} и начал новый, поэтому сейчас ни один "
    "плагин не включён. Скажите, какие установить снова.",
)
