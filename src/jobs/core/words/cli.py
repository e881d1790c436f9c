"""What the commands `jobs …` say in a terminal, except `jobs setup`."""

from __future__ import annotations

from jobs.core.i18n import Words

ABOUT = Words(
    en="Jobs: a personal assistant that lives in Telegram.",
    ru="Jobs: личный помощник, который живёт в Telegram.",
)
COMMANDS = Words(en="commands", ru="команды")
OPTIONS = Words(en="options", ru="параметры")
HELP_HELP = Words(en="show this and exit", ru="показать это и выйти")
HELP_VERSION = Words(en="show the version and exit", ru="показать версию и выйти")
HELP_START = Words(
    en="start the assistant, or offer to set it up (what `make run` does)",
    ru="запустить помощника или предложить настройку (это делает `make run`)",
)
HELP_RUN = Words(en="start the assistant, asking nothing", ru="запустить помощника, ни о чём не спрашивая")
HELP_SETUP = Words(
    en="sign in to Telegram, connect Claude, write .env",
    ru="войти в Telegram, подключить Claude, записать .env",
)
HELP_DOCTOR = Words(en="check everything and say how to mend it", ru="всё проверить и сказать, как починить")
HELP_JSON = Words(en="print the checks as JSON", ru="вывести проверки в JSON")
HELP_HEALTH = Words(
    en="exit 0 only while the assistant is running and well",
    ru="код 0, только если помощник запущен и здоров",
)
HELP_DEMO = Words(
    en="look around without an account, a key or a network",
    ru="осмотреться без аккаунта, ключа и сети",
)
HELP_DOCS = Words(en="write the pages that are derived from the code", ru="записать страницы, выводимые из кода")

STOPPED = Words(en="Stopped.", ru="Остановлено.")

NOT_SET_UP = Words(
    en="Jobs is not set up yet. What would you like?",
    ru="Jobs ещё не настроен. Что сделаем?",
)
HALF_SET_UP = Words(
    en="Jobs is set up in part only. What would you like?",
    ru="Jobs настроен не до конца. Что сделаем?",
)
CHOOSE_SETUP = Words(en="Sign in to Telegram and set it up", ru="Войти в Telegram и настроить")
CHOOSE_DEMO = Words(
    en="Look around first: no account, no key, nothing leaves this machine",
    ru="Сначала осмотреться: без аккаунта и ключа, ничего не уходит с этой машины",
)
HOW_TO_SET_UP = Words(
    en="To use it with your Telegram, run `jobs setup` in a terminal (here: {command}), "
    "or set the variables of .env.example.",
    ru="Чтобы пользоваться им в своём Telegram, запустите в терминале `jobs setup` (здесь: {command}) "
    "или задайте переменные из .env.example.",
)
STARTING = Words(en="Starting. Ctrl+C stops it.", ru="Запускаю. Ctrl+C остановит.")

HEALTHY = Words(
    en="Well: Telegram {telegram}, dispatcher {dispatcher}, up {uptime}, version {version}.",
    ru="В порядке: Telegram {telegram}, диспетчер {dispatcher}, работает {uptime}, версия {version}.",
)
UNHEALTHY = Words(
    en="Not well: Telegram {telegram}, dispatcher {dispatcher}, up {uptime}, version {version}. "
    "Its log says more; `jobs doctor` says how to mend it.",
    ru="Не в порядке: Telegram {telegram}, диспетчер {dispatcher}, работает {uptime}, версия {version}. "
    "Подробности в его журнале; `jobs doctor` подскажет, как починить.",
)
NOT_RUNNING = Words(
    en="Nobody answers at {path}: Jobs is not running. Start it with `jobs start`.",
    ru="По {path} никто не отвечает: Jobs не запущен. Запустите его командой `jobs start`.",
)

CHECK_SETTINGS = Words(en="settings", ru="настройки")
CHECK_ENV_FILE = Words(en=".env is private", ru=".env закрыт от чужих")
CHECK_DATA = Words(en="data folder", ru="папка данных")
CHECK_WORKSPACE = Words(en="workspace folder", ru="рабочая папка")
CHECK_DISK = Words(en="disk space", ru="место на диске")
CHECK_TELEGRAM = Words(en="Telegram", ru="Telegram")
CHECK_CLOCK = Words(en="clock", ru="часы")
CHECK_CLAUDE = Words(en="Claude", ru="Claude")
CHECK_CLI = Words(en="Claude's program", ru="программа Claude")
CHECK_SEARCH = Words(en="search of notes", ru="поиск по заметкам")
CHECK_BROWSER = Words(en="browser", ru="браузер")
CHECK_VERSIONS = Words(en="versions", ru="версии")

BROWSER_OFF = Words(en="none, as BROWSER_CDP_URL says", ru="нет, как задано в BROWSER_CDP_URL")
BROWSER_NONE = Words(
    en="none answers at {url}; without one, pages cannot be clicked through (docs/browser.md)",
    ru="по адресу {url} его нет; без него нельзя работать на сайтах (docs/browser.md)",
)
BROWSER_GOOD = Words(en="can be driven and looked at", ru="управляется и виден через noVNC")
BROWSER_DOWN = Words(en="does not answer at {url} ({reason})", ru="не отвечает по адресу {url} ({reason})")
BROWSER_DOWN_REMEDY = Words(
    en="start it (docker compose up -d browser, or browser/entrypoint.sh), or correct BROWSER_CDP_URL; “off” if there is to be none.",
    ru="запустите его (docker compose up -d browser или browser/entrypoint.sh) либо исправьте BROWSER_CDP_URL; «off», если браузер не нужен.",
)
BROWSER_UNSEEN = Words(
    en="can be driven, but not looked at: noVNC does not answer at {url} ({reason}), so you cannot log in anywhere",
    ru="управляется, но посмотреть на него нельзя: noVNC не отвечает по адресу {url} ({reason}), поэтому вы не сможете никуда войти",
)
BROWSER_UNSEEN_REMEDY = Words(
    en="give the browser a password (VNC_PASSWORD_FILE) and restart it, or correct BROWSER_VNC_URL.",
    ru="задайте браузеру пароль (VNC_PASSWORD_FILE) и перезапустите его либо исправьте BROWSER_VNC_URL.",
)
SEARCH_BY_WORDS = Words(en="by words alone, as EMBEDDINGS says", ru="только по словам, как задано в EMBEDDINGS")
SEARCH_LOCAL = Words(
    en="by words and by meaning, with the model on this machine",
    ru="по словам и по смыслу, модель на этой машине",
)
SEARCH_OPENAI = Words(en="by words and by meaning, with OpenAI", ru="по словам и по смыслу, через OpenAI")
SEARCH_BAD = Words(
    en="notes are found by their words alone: {reason}", ru="заметки находятся только по словам: {reason}"
)
SEARCH_LOCAL_REMEDY = Words(
    en="run `make run` again to install what is missing; on machines without the model (it comes for Linux on x86-64) "
    "set OPENAI_API_KEY, or EMBEDDINGS=none",
    ru="запустите `make run` ещё раз, чтобы доустановить недостающее; там, где модели нет (она есть для Linux на x86-64), "
    "задайте OPENAI_API_KEY или EMBEDDINGS=none",
)
SEARCH_OPENAI_REMEDY = Words(
    en="check OPENAI_API_KEY, OPENAI_BASE_URL and the network, or set EMBEDDINGS=local",
    ru="проверьте OPENAI_API_KEY, OPENAI_BASE_URL и сеть или задайте EMBEDDINGS=local",
)
NOTES_SKIPPED = Words(en="not searched: {which}", ru="не просматриваются: {which}")
NOTES_SKIPPED_REMEDY = Words(
    en="save these files as UTF-8 text below 20 MB, inside the workspace",
    ru="сохраните эти файлы как текст UTF-8 до 20 МБ внутри рабочей папки",
)
SETTINGS_GOOD = Words(en="complete", ru="всё задано")
ENV_FILE_NONE = Words(en="there is none: everything comes from the environment", ru="его нет: всё берётся из окружения")
ENV_FILE_PRIVATE = Words(en="only you can read it", ru="читать его можете только вы")
ENV_FILE_OPEN = Words(en="others on this machine can read it", ru="его могут прочитать другие на этой машине")
ENV_FILE_REMEDY = Words(en="run `chmod 600 {path}`", ru="выполните `chmod 600 {path}`")
FOLDER_GOOD = Words(en="{path} can be written", ru="в {path} можно писать")
FOLDER_BAD = Words(en="{path} cannot be written ({reason})", ru="в {path} нельзя писать ({reason})")
FOLDER_REMEDY = Words(
    en="give your user the right to write there, or set {name} to another folder",
    ru="дайте своему пользователю право записи туда или укажите в {name} другую папку",
)
DISK_FREE = Words(
    en="{free} free for data, {other} for the workspace", ru="свободно {free} для данных, {other} для работы"
)
DISK_LOW = Words(
    en="free some space soon: below 200 MB nothing is safe", ru="освободите место: меньше 200 МБ уже опасно"
)
DISK_FULL = Words(
    en="free some space now: below 200 MB nothing is safe", ru="срочно освободите место: меньше 200 МБ опасно"
)
TELEGRAM_RUNNING = Words(en="Jobs is running and says: {state}", ru="Jobs запущен и сообщает: {state}")
TELEGRAM_RUNNING_REMEDY = Words(
    en="check the network connection; its log says more",
    ru="проверьте сеть; подробности в его журнале",
)
TELEGRAM_GOOD = Words(en="signed in as {name} (id {id})", ru="выполнен вход: {name} (id {id})")
TELEGRAM_NOT_YET = Words(en="nobody is signed in yet", ru="вход ещё не выполнен")
TELEGRAM_SIGNED_OUT = Words(en="the sign-in is no longer valid", ru="вход больше не действует")
TELEGRAM_REMEDY = Words(en="run `jobs setup`", ru="запустите `jobs setup`")
TELEGRAM_NEEDS_APP = Words(
    en="cannot be checked without TG_API_ID and TG_API_HASH",
    ru="без TG_API_ID и TG_API_HASH проверить нельзя",
)
CLOCK_GOOD = Words(en="off by {seconds} s", ru="расхождение {seconds} с")
CLOCK_REMEDY = Words(
    en="turn on time synchronisation (`timedatectl set-ntp true`)",
    ru="включите синхронизацию времени (`timedatectl set-ntp true`)",
)
CLOCK_UNKNOWN = Words(en="nobody could be asked for the time", ru="спросить точное время не у кого")
CLOCK_UNKNOWN_REMEDY = Words(en="mend the connection first", ru="сначала почините связь")
CLAUDE_KEY_GOOD = Words(en="reachable, the API key is accepted", ru="отвечает, ключ API принят")
CLAUDE_TOKEN_GOOD = Words(en="reachable, the token is accepted", ru="отвечает, токен принят")
CLAUDE_REFUSED = Words(en="the key is refused ({status})", ru="ключ не принят ({status})")
CLAUDE_REFUSED_REMEDY = Words(
    en="make a new one and run `jobs setup`",
    ru="создайте новый и запустите `jobs setup`",
)
CLAUDE_UNSURE = Words(
    en="reachable, but it did not say whether the key is good ({status})",
    ru="отвечает, но не говорит, годится ли ключ ({status})",
)
CLAUDE_UNSURE_REMEDY = Words(en="ask again in a few minutes", ru="проверьте ещё раз через несколько минут")
CLAUDE_UNREACHABLE = Words(en="{url} does not answer ({reason})", ru="{url} не отвечает ({reason})")
CLAUDE_UNREACHABLE_REMEDY = Words(
    en="check the network connection, HTTP_PROXY and ANTHROPIC_BASE_URL",
    ru="проверьте сеть, HTTP_PROXY и ANTHROPIC_BASE_URL",
)
CLAUDE_NO_KEY = Words(en="no key is set", ru="ключ не задан")
CLI_BAD = Words(en="{path} does not run ({reason})", ru="{path} не запускается ({reason})")
CLI_REMEDY = Words(
    en="install again: `make clean`, then `make run`",
    ru="установите заново: `make clean`, затем `make run`",
)
CHECK_CRASHED = Words(en="the check itself failed ({reason})", ru="сама проверка не удалась ({reason})")
CHECK_CRASHED_REMEDY = Words(en="please report this as a bug", ru="сообщите, пожалуйста, об этой ошибке")
CHECK_SLOW = Words(en="no result within {seconds} s", ru="нет результата за {seconds} с")
CHECK_SLOW_REMEDY = Words(en="check the network connection and try again", ru="проверьте сеть и повторите")
SETTING_BLOCKS = Words(
    en="cannot be checked while {name} is wrong",
    ru="нельзя проверить, пока {name} задано неверно",
)
SETTING_BLOCKS_REMEDY = Words(en="mend the settings first", ru="сначала исправьте настройки")
