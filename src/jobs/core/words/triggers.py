"""What the program says when something happens by itself."""

from jobs.core.i18n import Words

NOT_DONE = Words(en="⚠️ “{who}” did not come off: {why}", ru="⚠️ «{who}» не получилось: {why}")
SOURCE_BROKEN = Words(
    en="⚠️ Something that should wake me does not work: {source}. What depends on it waits. I keep trying; the log says more.",
    ru="⚠️ Не работает то, что должно меня будить: {source}. Всё, что от этого зависит, ждёт. Пробую дальше; подробности в журнале.",
)
