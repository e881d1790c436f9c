"""What is said of updates: what there is, what was done, and why not."""

from jobs.core.i18n import Words

HELP = Words(en="install the newest version", ru="установить самую новую версию")
HELP_CHECK = Words(en="only say whether there is one", ru="только сказать, есть ли она")
HELP_YES = Words(en="do not ask", ru="не спрашивать")
HELP_TO = Words(en="this commit, instead of the newest version", ru="этот коммит, а не самая новая версия")
HELP_LINES = Words(en="write progress as lines of JSON", ru="писать ход работы строками JSON")
HELP_ROLLBACK = Words(
    en="go back to the version before the last update", ru="вернуться к версии до последнего обновления"
)
HELP_CHECK_DATA = Words(
    en="bring a copy of the data into the form of this version, and check it",
    ru="привести копию данных к этой версии и проверить",
)
HELP_FOLDER = Words(en="the folder of the copy", ru="папка с копией")

NEWEST = Words(en="This is the newest version ({version}).", ru="Это самая новая версия ({version}).")
THERE_IS = Words(
    en="Version {version} is there ({ref}, {commit}{signed}); {current} runs.",
    ru="Есть версия {version} ({ref}, {commit}{signed}); работает {current}.",
)
SIGNED = Words(en=", signed", ru=", подписана")
CHANGES = Words(en="What is new:", ru="Что нового:")
NO_CHANGES = Words(en="Its changelog says nothing new.", ru="В её журнале изменений ничего нового.")
ASK_TERMINAL = Words(en="Install it?", ru="Установить?")
ASK_CHAT = Words(
    en="🔄 {there_is}\n{changes}\nShall I install it? I make a backup first, go on answering meanwhile, and come back "
    "with the old version if the new one is not well. Answer with 👍 or 👎, “yes” or “no”, until {time}.",
    ru="🔄 {there_is}\n{changes}\nУстановить? Сначала сделаю резервную копию, отвечать продолжу, а если новая версия "
    "окажется нездорова, вернусь к старой. Ответьте 👍 или 👎, «да» или «нет», до {time}.",
)
LOOKING = Words(en="🔄 I am looking…", ru="🔄 Смотрю…")
BEGINS = Words(
    en="🔄 I am preparing version {version}; it takes a few minutes.",
    ru="🔄 Готовлю версию {version}; это займёт несколько минут.",
)
DECLINED = Words(en="🔄 Then everything stays as it is.", ru="🔄 Тогда всё остаётся как есть.")
SWITCHING = Words(
    en="🔄 Version {version} is ready. I restart now and am back in a minute.",
    ru="🔄 Версия {version} готова. Перезапускаюсь, вернусь через минуту.",
)
BUSY = Words(en="🔄 I am at an update already.", ru="🔄 Я уже занят обновлением.")
FAILED = Words(en="🔄 There was no update. {reason}", ru="🔄 Обновления не было. {reason}")
BROKE_OFF = Words(
    en="Preparing it broke off ({reason}); everything is as it was. Write /update to try again.",
    ru="Подготовка прервалась ({reason}); всё осталось как было. Напишите /update, чтобы повторить.",
)

MAKING_BACKUP = Words(en="Making a backup…", ru="Делаю резервную копию…")
FETCHING = Words(en="Fetching the new version…", ru="Достаю новую версию…")
INSTALLING = Words(en="Installing what it needs…", ru="Устанавливаю, что ей нужно…")
CHECKING = Words(en="Trying it on a copy of the data…", ru="Пробую её на копии данных…")
READY = Words(
    en="✓ Version {version} is ready: it is tried at the next start of Jobs.",
    ru="✓ Версия {version} готова: она будет опробована при следующем запуске Jobs.",
)
RESTART = Words(
    en="Jobs is running: restart it, or write /update in the chat next time.",
    ru="Jobs сейчас работает: перезапустите его, а в следующий раз напишите /update в чате.",
)

UPDATED = Words(
    en="🔄 I am version {version} now; it was {other} before. `jobs rollback` takes that back.",
    ru="🔄 Теперь я версия {version}; была {other}. Вернуть прежнюю: `jobs rollback`.",
)
RETURNED = Words(
    en="🔄 Version {other} would not do: {reason}. I am version {version} again, with the data as they were.",
    ru="🔄 Версия {other} не подошла: {reason}. Я снова версия {version}, данные прежние.",
)
REASONS = {
    "gone": Words(en="its files are gone", ru="её файлов больше нет"),
    "no snapshot": Words(
        en="the data could not be kept safe before it started ({detail})",
        ru="не удалось сохранить данные перед её запуском ({detail})",
    ),
    "interrupted": Words(
        en="the machine or the program was stopped while it started",
        ru="машину или программу остановили, пока она запускалась",
    ),
    "not started": Words(en="it could not be started ({detail})", ru="её не удалось запустить ({detail})"),
    "ended": Words(en="it ended by itself (exit code {detail})", ru="она завершилась сама (код завершения {detail})"),
    "not well": Words(en="it was not well in time ({detail})", ru="она не пришла в порядок вовремя ({detail})"),
    "silent": Words(
        en="it was not well in time: it gave no answer within {detail} s",
        ru="она не пришла в порядок вовремя: не ответила за {detail} с",
    ),
}
TOO_LONG = Words(en="it took longer than {seconds} s", ru="не уложилось в {seconds} с")
EXIT_CODE = Words(en="exit code {code}", ru="код завершения {code}")
NOT_OURS = Words(en="its content is not what Jobs writes", ru="в нём не то, что пишет Jobs")
ROLLED_BACK = Words(
    en="🔄 I am version {version} again, instead of {other}.", ru="🔄 Я снова версия {version} вместо {other}."
)

FORGETFUL = Words(
    en="🔄 What you wrote since the update may be answered once more: the older version cannot read what the newer one "
    "had noted.",
    ru="🔄 На то, что вы писали после обновления, я могу ответить ещё раз: старая версия не прочла записи новой.",
)
NOTHING_BEFORE = Words(
    en="There is no version before this one ({version}) to go back to.",
    ru="Нет версии до этой ({version}), к которой можно вернуться.",
)
ROLLBACK_TO = Words(
    en="Back from {version} to {other}.",
    ru="Назад с {version} на {other}.",
)
ROLLBACK_DATA = Words(
    en="The data have another form in {other}: they come back as they were at the update. What has come since is kept "
    "in DATA_DIR, in a folder whose name begins with .jobs-replaced-.",
    ru="В {other} данные другого вида: они вернутся такими, какими были при обновлении. Всё новое останется в DATA_DIR, "
    "в папке с именем на .jobs-replaced-.",
)
NO_SNAPSHOT = Words(
    en="The data have another form in {other}, and how they were before the update is not there any more: it cannot be "
    "gone back to. Restore a backup with that version instead.",
    ru="В {other} данные другого вида, а какими они были до обновления, больше не сохранилось: вернуться нельзя. "
    "Восстановите с той версией резервную копию.",
)
ASK_ROLLBACK = Words(en="Go back?", ru="Вернуться?")
ROLLBACK_DONE = Words(en="✓ {version} runs from the next start on.", ru="✓ Со следующего запуска работает {version}.")
NOTHING_DONE = Words(en="Nothing was changed.", ru="Ничего не изменено.")

NO_CHECKOUT = Words(
    en="This installation cannot replace itself (it is an image, or has no git checkout). On the machine it runs on: "
    "`git pull && docker compose build && docker compose up -d`.",
    ru="Эта установка не может заменить сама себя (это образ, или в ней нет git). На машине, где она работает: "
    "`git pull && docker compose build && docker compose up -d`.",
)
UPDATED_IMAGE = Words(
    en="🔄 I am version {version} now; it was {other} before.", ru="🔄 Теперь я версия {version}; была {other}."
)
NO_UPDATER = Words(
    en="The updater does not answer at {path} ({reason}). On the machine: `systemctl status jobs-updater`, or update "
    "by hand: `git pull && docker compose build && docker compose up -d`.",
    ru="Программа обновления не отвечает в {path} ({reason}). На машине: `systemctl status jobs-updater`, или обновите "
    "вручную: `git pull && docker compose build && docker compose up -d`.",
)
UPDATER = {
    "busy": Words(
        en="Another update is going on: wait for its end.", ru="Уже идёт другое обновление: дождитесь конца."
    ),
    "request": Words(
        en="The updater on the machine does not understand this version: restart it there (`systemctl restart "
        "jobs-updater`).",
        ru="Программа обновления на машине не понимает эту версию: перезапустите её там (`systemctl restart "
        "jobs-updater`).",
    ),
    "git": Words(
        en="git on the machine refused ({detail}). Everything is as it was; look at the checkout, the address and the "
        "network.",
        ru="git на машине отказал ({detail}). Всё осталось как было; проверьте папку установки, адрес и сеть.",
    ),
    "no version": Words(
        en="{detail} is no version that is published. Write /update to look again.",
        ru="{detail} – не выпущенная версия. Напишите /update, чтобы посмотреть снова.",
    ),
    "moved": Words(
        en="{detail} is another one by now than you were asked about. Write /update to look again.",
        ru="{detail} теперь уже не та, о которой я спрашивал. Напишите /update, чтобы посмотреть снова.",
    ),
    "older": Words(en="{detail} is not newer than what runs.", ru="{detail} не новее того, что работает."),
    "rewritten": Words(
        en="The branch {detail} does not continue what runs here: its history was rewritten. Nothing was changed.",
        ru="Ветка {detail} не продолжает то, что здесь работает: её историю переписали. Ничего не изменено.",
    ),
    "not signed": Words(
        en="{detail} is not signed by anybody whom the updater knows, so it is not installed. Ask whoever published it.",
        ru="{detail} не подписана никем, кого знает программа обновления, поэтому не установлена. Спросите того, кто её "
        "выпустил.",
    ),
    "no signers": Words(
        en="The file of those who may sign is missing on the machine ({detail}), so nothing was installed.",
        ru="На машине нет файла с теми, кто вправе подписывать ({detail}), поэтому ничего не установлено.",
    ),
    "misnamed": Words(
        en="A tag names another version ({detail}): somebody may have moved it, so it is not installed.",
        ru="Метка стоит на другой версии ({detail}): её могли переставить, поэтому не установлено.",
    ),
    "build": Words(
        en="The image could not be built: {detail}. The old version goes on.",
        ru="Образ не собрался: {detail}. Работает прежняя версия.",
    ),
    "docker": Words(
        en="Docker on the machine refused: {detail}. The old version goes on.",
        ru="Docker на машине отказал: {detail}. Работает прежняя версия.",
    ),
    "too long": Words(
        en="It took too long on the machine ({detail}). The old version goes on.",
        ru="На машине это заняло слишком много времени ({detail}). Работает прежняя версия.",
    ),
    "disk": Words(
        en="The updater cannot write ({detail}): free some room there, or give it the right to.",
        ru="Программа обновления не может писать ({detail}): освободите там место или дайте ей право.",
    ),
    "not switched": Words(
        en="It was built and not started; the old version goes on. Write /update to try again.",
        ru="Она собрана, но не запущена; работает прежняя версия. Напишите /update, чтобы повторить.",
    ),
    "not well": Words(en="it did not come up well ({detail})", ru="она не поднялась как следует ({detail})"),
}
"""By the word that the updater says (deploy/jobs_updater.py): why there was no update, or it was taken back."""

CHANGED = Words(
    en="Files of the checkout have been changed here ({files}, and {more} more): an update would run without that. "
    "Commit or undo it, and try again.",
    ru="Файлы установки изменены ({files} и ещё {more}): обновление пошло бы без этих правок. Сохраните их в git или "
    "отмените и повторите.",
)
NO_SOURCE = Words(
    en="It is not known where new versions come from: set UPDATE_SOURCE to the address of the repository.",
    ru="Неизвестно, откуда брать новые версии: задайте UPDATE_SOURCE, адрес репозитория.",
)
NO_GIT = Words(
    en="git is missing, which updates need: install it and try again.",
    ru="Нет git, а он нужен для обновлений: установите его и повторите.",
)
GIT_FAILED = Words(
    en="The new version could not be fetched ({reason}). Everything is as it was; check the address and the network.",
    ru="Не удалось достать новую версию ({reason}). Всё осталось как было; проверьте адрес и сеть.",
)
NO_COMMIT = Words(
    en="{commit} is no commit of a published version: write the 40 hex digits that `jobs update --check` shows.",
    ru="{commit} – не коммит выпущенной версии: напишите 40 шестнадцатеричных цифр из `jobs update --check`.",
)
REWRITTEN = Words(
    en="The branch {branch} does not continue what runs here: its history was rewritten, or this is another project. "
    "Nothing was changed; to take it anyway, pull it into the checkout by hand.",
    ru="Ветка {branch} не продолжает то, что здесь работает: её историю переписали, или это другой проект. Ничего не "
    "изменено; если она всё же нужна, обновите установку вручную через git.",
)
NOT_SIGNED = Words(
    en="{ref} is not signed by anybody whom {signers} names, so it is not installed. Ask whoever published it.",
    ru="{ref} не подписана никем из {signers}, поэтому не установлена. Спросите того, кто её выпустил.",
)
NO_SIGNERS = Words(
    en="UPDATE_SIGNERS names {path}, which is not there, so no signature can be checked and nothing was installed.",
    ru="UPDATE_SIGNERS указывает на {path}, а этого файла нет: подпись не проверить, ничего не установлено.",
)
NO_VERSION = Words(
    en="{ref} is no version of Jobs: it does not say which one. Nothing was changed.",
    ru="{ref} – не версия Jobs: в ней не сказано какая. Ничего не изменено.",
)
MISNAMED = Words(
    en="The tag {ref} names what calls itself version {version}: somebody may have moved it, so it is not installed.",
    ru="Метка {ref} стоит на том, что называет себя версией {version}: её могли переставить, поэтому не установлено.",
)
NO_ROOM = Words(
    en="There is not enough room at {path}: a new version needs {need} GB. Free some and try again.",
    ru="В {path} мало места: новой версии нужно {need} ГБ. Освободите его и повторите.",
)
NOT_BUILT = Words(
    en="Version {version} could not be installed: {reason}. The old one goes on.",
    ru="Версию {version} не удалось установить: {reason}. Работает прежняя.",
)
NOT_MIGRATED = Words(
    en="Version {version} cannot take over the data: {reason}. It was tried on a copy; the old version goes on.",
    ru="Версия {version} не может принять данные: {reason}. Проверялось на копии; работает прежняя.",
)
NO_DOCTOR = Words(
    en="Version {version} cannot examine itself: {reason}. The old one goes on.",
    ru="Версия {version} не может проверить себя: {reason}. Работает прежняя.",
)
DOCTOR = Words(
    en="In version {version} something is not well that is well now: {reason}. The old one goes on.",
    ru="В версии {version} нездорово то, что сейчас в порядке: {reason}. Работает прежняя.",
)
ANOTHER = Words(
    en="Another update, or the start of a new version, is going on: wait for its end.",
    ru="Уже идёт другое обновление или запуск новой версии: дождитесь его конца.",
)
NOT_WRITTEN = Words(
    en="{path} cannot be written ({reason}), so nothing was changed: give this user the right to, or free some room.",
    ru="Не удаётся записать {path} ({reason}), поэтому ничего не изменено: дайте право на запись или освободите место.",
)
STATE_UNREADABLE = Words(
    en="{path} cannot be read ({reason}), so what was installed by hand runs. Remove that file, or restore it.",
    ru="Не удаётся прочитать {path} ({reason}), поэтому работает то, что установлено вручную. Удалите файл или верните "
    "его.",
)
RELEASE_GONE = Words(
    en="Version {version} is not in {path} any more, so what was installed by hand runs. Write /update to get it again.",
    ru="Версии {version} больше нет в {path}, поэтому работает то, что установлено вручную. Напишите /update, чтобы "
    "вернуть её.",
)
