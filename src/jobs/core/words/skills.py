"""Skills: the question before one is installed."""

from jobs.core.i18n import Words

IMPORT_WHY = Words(
    en="a skill tells me what to do, and I can run what is in it; install only what comes from somebody you trust",
    ru="навык говорит мне, что делать, и то, что в нём лежит, я могу запускать; ставьте только от тех, кому доверяете",
)
REPLACES = Words(en="(in place of yours, which I keep aside)", ru="(вместо вашего, его я отложу)")
TOOLS = Words(en="tools: {tools}", ru="инструменты: {tools}")
FILE = Words(en="📄 {name}, {size} bytes", ru="📄 {name}, {size} байт")
RUNS = Words(en="⚙️ {name}, {size} bytes: a program", ru="⚙️ {name}, {size} байт: программа")
MORE_FILES = Words(en="… files not shown: {count}", ru="… файлов не показано: {count}")
NOT_TAKEN = Words(en="not taken: {what}", ru="не беру: {what}")
MORE_TEXT = Words(en="[… {count} characters more]", ru="[… ещё {count} знаков]")
