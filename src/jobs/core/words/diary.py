"""What the program says of what it keeps by itself."""

from jobs.core.i18n import Words

DISTILLED = Words(
    en="🧠 Overnight I brought this into MEMORY.md (+ new, − gone):\n{lines}\nAnswer “undo” to take it back{changes}.",
    ru="🧠 За ночь я внёс в MEMORY.md (+ новое, − убрано):\n{lines}\nЧтобы вернуть как было, ответьте «отмени»{changes}.",
)
DIFF_MORE = Words(en="… and {count} more lines", ru="… и ещё строк: {count}")
NOT_DISTILLED = Words(
    en="⚠️ I could not go through the notes of {day} for MEMORY.md tonight: the model did not answer, or a file could not be written. Nothing is lost; I try again every hour.",
    ru="⚠️ Ночью не получилось разобрать записи за {day} для MEMORY.md: модель не ответила или файл не записался. Ничего не потеряно, пробую каждый час.",
)
