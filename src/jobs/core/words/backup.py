"""What is said of backups: made, brought back, and why not."""

from jobs.core.i18n import Words

HELP = Words(en="put all that Jobs knows into one file", ru="сложить всё, что знает Jobs, в один файл")
HELP_FILE = Words(
    en="where to write it; by default into DATA_DIR/backups", ru="куда записать; по умолчанию в DATA_DIR/backups"
)
HELP_RESTORE = Words(en="bring a backup back", ru="вернуть всё из резервной копии")
HELP_RESTORE_FILE = Words(en="the backup", ru="резервная копия")
HELP_PASSPHRASE = Words(
    en="ask for a passphrase (else BACKUP_PASSPHRASE is taken, if it is set)",
    ru="спросить пароль (иначе берётся BACKUP_PASSPHRASE, если он задан)",
)

ASK_PASSPHRASE = Words(en="Passphrase", ru="Пароль")
ASK_AGAIN = Words(en="Once more", ru="Ещё раз")
DIFFERENT = Words(
    en="The two passphrases differ; nothing was written. Run it again.",
    ru="Пароли не совпали, ничего не записано. Запустите ещё раз.",
)
EMPTY = Words(
    en="The passphrase is empty; nothing was written. Run it again, or without --passphrase.",
    ru="Пароль пуст, ничего не записано. Запустите ещё раз или без --passphrase.",
)
PROGRESS = Words(en="{count} files… {name}", ru="файлов: {count}… {name}")
MADE = Words(
    en="✓ {path}: {files} files, {size}, read again and whole.",
    ru="✓ {path}: файлов: {files}, {size}, перечитано, всё цело.",
)
NOT_ENCRYPTED = Words(
    en="It is not encrypted and holds your Telegram sign-in: keep it where nobody else can read it, "
    "or make it with --passphrase.",
    ru="Копия не зашифрована, а в ней вход в ваш Telegram: храните её там, где никто чужой не прочтёт, "
    "или сделайте её с --passphrase.",
)
PASSED_OVER = Words(
    en="✗ Not in it, because they cannot be read: {names}. Give this user the right to read them, and run it again.",
    ru="✗ Не вошли, потому что их нельзя прочитать: {names}. Дайте этому пользователю право на чтение и повторите.",
)
RESTORED = Words(
    en="✓ Brought back: {files} files of {created} (Jobs {version}). Start Jobs as usual.",
    ru="✓ Возвращено файлов: {files}, копия от {created} (Jobs {version}). Запускайте Jobs как обычно.",
)
KEPT = Words(
    en="What was there before is in {path}; remove it when you do not need it any more.",
    ru="То, что было раньше, лежит в {path}; удалите, когда станет не нужно.",
)

EXISTS = Words(
    en="{path} exists already and stays as it is: give the backup another name.",
    ru="{path} уже существует и остаётся как есть: дайте копии другое имя.",
)
NOTHING_THERE = Words(
    en="There is nothing of Jobs in {path}, so no backup was made: run it where Jobs runs, or set DATA_DIR.",
    ru="В {path} нет ничего от Jobs, поэтому копия не сделана: запустите там, где работает Jobs, или задайте DATA_DIR.",
)
NOT_READ = Words(
    en="The backup {path} cannot be read ({reason}): nothing was changed. Give the file that `jobs backup` has written.",
    ru="Копию {path} не удаётся прочитать ({reason}): ничего не изменено. Укажите файл, который записал `jobs backup`.",
)
UNREADABLE = Words(
    en="{path} cannot be read ({reason}), so no backup was made: give this user the right to read it.",
    ru="Не удаётся прочитать {path} ({reason}), поэтому копия не сделана: дайте этому пользователю право на чтение.",
)
NOT_WRITTEN = Words(
    en="The backup {path} could not be written ({reason}); nothing is left of it. Choose another place.",
    ru="Копию {path} не удалось записать ({reason}), от неё ничего не осталось. Выберите другое место.",
)
DISK_FULL = Words(
    en="The disk is full at {path}: nothing was changed. Free some space and run it again.",
    ru="Диск заполнен ({path}): ничего не изменено. Освободите место и запустите ещё раз.",
)
DATABASE_DAMAGED = Words(
    en="{path} is damaged ({reason}), so no backup was made of it: restore the last one that is whole (jobs restore).",
    ru="{path} повреждён ({reason}), поэтому копия не сделана: верните последнюю целую (jobs restore).",
)
NESTED = Words(
    en="{inner} is deep inside {outer}: put WORKSPACE_DIR and DATA_DIR side by side, or one directly into the other.",
    ru="{inner} лежит глубоко внутри {outer}: WORKSPACE_DIR и DATA_DIR должны быть рядом или один прямо в другом.",
)
DAMAGED = Words(
    en="{path} is damaged ({reason}): nothing was changed. Take another backup.",
    ru="{path} повреждён ({reason}): ничего не изменено. Возьмите другую копию.",
)
NO_BACKUP = Words(
    en="{path} is no backup of Jobs: nothing was changed. Give the file that `jobs backup` has written.",
    ru="{path} — не резервная копия Jobs: ничего не изменено. Укажите файл, который записал `jobs backup`.",
)
NEWER = Words(
    en="{path} was made by a newer Jobs ({version}): nothing was changed. Install that version first.",
    ru="{path} сделан более новым Jobs ({version}): ничего не изменено. Сначала установите эту версию.",
)
LOCKED = Words(
    en="{path} is encrypted: give its passphrase with --passphrase.",
    ru="{path} зашифрован: укажите пароль с --passphrase.",
)
WRONG_PASSPHRASE = Words(
    en="The passphrase does not open {path}: nothing was changed. Try another one.",
    ru="Пароль не подходит к {path}: ничего не изменено. Попробуйте другой.",
)
NO_ROOM = Words(
    en="{path} has no room for it: {need} MB are needed, beside what is there. Nothing was changed.",
    ru="В {path} не хватает места: нужно {need} МБ сверх того, что есть. Ничего не изменено.",
)
NOT_RESTORED = Words(
    en="It could not be unpacked into {path} ({reason}): nothing was changed.",
    ru="Не удалось распаковать в {path} ({reason}): ничего не изменено.",
)
HALF_RESTORED = Words(
    en="The backup is unpacked, but {path} could not be put in its place ({reason}). "
    "Mend that and start Jobs, or restore again: it goes on from there, and nothing is lost.",
    ru="Копия распакована, но {path} не удалось поставить на место ({reason}). "
    "Исправьте это и запустите Jobs или восстановление ещё раз: оно продолжится, ничего не потеряно.",
)
STOPPED = Words(en="Jobs was stopped before the backup was whole.", ru="Jobs остановили раньше, чем копия была готова.")

NIGHTLY_PASSED_OVER = Words(
    en="⚠️ Not in the nightly backups, because I cannot read them: {names}. Give me the right to read them, or remove them.",
    ru="⚠️ Не входят в ночные копии, потому что я не могу их прочитать: {names}. Дайте мне право на чтение или удалите их.",
)
NIGHTLY_FAILED = Words(
    en="⚠️ Last night's backup could not be made: {reason} It is tried again tonight.",
    ru="⚠️ Ночная резервная копия не сделана: {reason} Следующая попытка — этой ночью.",
)
