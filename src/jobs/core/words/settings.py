"""What is wrong with a setting, and what to do about it. `{name}` is the variable."""

from __future__ import annotations

from jobs.core.i18n import Words

NOT_UNDERSTOOD = Words(
    en="{name} has a value that does not fit: see docs/settings.md for what it may be.",
    ru="{name}: такое значение не подходит, что можно указать, написано в docs/settings.md.",
)
ENV_FILE_UNREADABLE = Words(
    en="The settings file {path} cannot be read ({reason}): mend its permissions or its text.",
    ru="Файл настроек {path} не читается ({reason}): исправьте права доступа или содержимое.",
)
ENV_LINE_NOT_UNDERSTOOD = Words(
    en="Line {line} of {path} is not NAME=value: mend it, or put # in front.",
    ru="Строка {line} файла {path} не похожа на ИМЯ=значение: исправьте её или поставьте # в начале.",
)
NOT_A_WHOLE_NUMBER = Words(
    en="{name} must be a whole number, and it is {value!r}: write digits only.",
    ru="{name} должно быть целым числом, а там {value!r}: оставьте только цифры.",
)
OUT_OF_RANGE = Words(
    en="{name} must be {low} or more, and it is {value}: choose a larger number.",
    ru="{name} должно быть не меньше {low}, а там {value}: укажите число побольше.",
)
TOO_LARGE = Words(
    en="{name} must be {high} or less, and it is {value}: choose a smaller number.",
    ru="{name} должно быть не больше {high}, а там {value}: укажите число поменьше.",
)
NOT_DOLLARS = Words(
    en="{name} must be an amount of dollars such as 1.50, and it is {value!r}: write digits and a point only.",
    ru="{name} должно быть суммой в долларах, например 1.50, а там {value!r}: оставьте только цифры и точку.",
)
BAD_PORT = Words(
    en="{name} must be a port from 1 to 65535, or 0 for none, and it is {value}.",
    ru="{name} должно быть портом от 1 до 65535 или 0, если он не нужен, а там {value}.",
)
NOT_DAY_HOURS = Words(
    en="{name} must be two times such as 08:00-22:00, and it is {value!r}: write hours and minutes.",
    ru="{name} должно быть двумя временами, например 08:00-22:00, а там {value!r}: напишите часы и минуты.",
)
NOT_A_TIME = Words(
    en="{name} must be a time such as 03:30, or off, and it is {value!r}: write hours and minutes.",
    ru="{name} должно быть временем, например 03:30, или off, а там {value!r}: напишите часы и минуты.",
)
NOT_A_NUMERIC_ID = Words(
    en="{name} must be your numeric Telegram id, not a name or a phone number: `jobs setup` finds it.",
    ru="{name} должно быть вашим числовым id в Telegram, не именем и не телефоном: его найдёт `jobs setup`.",
)
BAD_API_ID = Words(
    en="{name} must be the whole number that my.telegram.org shows as api_id: copy it again.",
    ru="{name} должно быть целым числом, которое my.telegram.org показывает как api_id: скопируйте вновь.",
)
BAD_API_HASH = Words(
    en="{name} must be the 32 characters 0-9 and a-f that my.telegram.org shows as api_hash: copy it again.",
    ru="{name}: нужны 32 знака 0-9 и a-f, которые my.telegram.org показывает как api_hash: скопируйте вновь.",
)
SECRET_HAS_SPACES = Words(
    en="{name} has a space, a line break or a foreign letter inside: copy it again, in one piece.",
    ru="В {name} попал пробел, перенос строки или чужая буква: скопируйте заново, одним куском.",
)
KEY_IS_TOKEN = Words(
    en="{name} holds an OAuth token of a subscription: move it to CLAUDE_CODE_OAUTH_TOKEN.",
    ru="В {name} лежит OAuth-токен подписки: перенесите его в CLAUDE_CODE_OAUTH_TOKEN.",
)
TOKEN_IS_KEY = Words(
    en="{name} holds an API key: move it to ANTHROPIC_API_KEY.",
    ru="В {name} лежит ключ API: перенесите его в ANTHROPIC_API_KEY.",
)
SECRET_FILE_UNREADABLE = Words(
    en="{name}_FILE names {path}, which cannot be read ({reason}): mend the path or its permissions.",
    ru="{name}_FILE указывает на {path}, а он не читается ({reason}): исправьте путь или права.",
)
SECRET_FILE_EMPTY = Words(
    en="{name}_FILE names {path}, which is empty: put the value into that file.",
    ru="{name}_FILE указывает на {path}, а он пуст: запишите туда значение.",
)
BAD_URL = Words(
    en="{name} must be an address such as {example}: write it whole, with {schemes} in front.",
    ru="{name} должно быть адресом вроде {example}: напишите целиком, с {schemes} в начале.",
)
BAD_TG_PROXY = Words(
    en="{name} must be socks5://, http:// or mtproxy:// with a host and a port, or a t.me/proxy link: copy it again.",
    ru="{name} должно быть адресом socks5://, http:// или mtproxy:// с хостом и портом "
    "или ссылкой t.me/proxy: скопируйте заново.",
)
BAD_MTPROXY_SECRET = Words(
    en="{name} has a proxy secret that is not 16 bytes in hexadecimal: copy the link again.",
    ru="В {name} секрет прокси не похож на 16 байт в шестнадцатеричном виде: скопируйте ссылку заново.",
)
FAKE_TLS_SECRET = Words(
    en="{name} is a proxy of the kind that hides as TLS (its secret starts with ee), "
    "which is not supported: use a secret that starts with dd, or a socks5 proxy.",
    ru="{name}: прокси, который маскируется под TLS (секрет начинается на ee), не поддерживается: "
    "возьмите секрет, начинающийся на dd, или прокси socks5.",
)
BAD_ENDPOINT = Words(
    en="{name} must be an IPv4 address and a port such as 149.154.167.40:443.",
    ru="{name} должно быть адресом IPv4 с портом, например 149.154.167.40:443.",
)
BAD_SERVER_KEY = Words(
    en="{name} names {path}, which is not an RSA public key in PEM (BEGIN RSA PUBLIC KEY): "
    "save the key of the test server there.",
    ru="{name} указывает на {path}, а это не открытый ключ RSA в PEM (BEGIN RSA PUBLIC KEY): "
    "сохраните там ключ тестового сервера.",
)
BAD_ZONE = Words(
    en="{name} must be a time zone such as Europe/Berlin, and {value!r} is not one: "
    "the names are listed at en.wikipedia.org/wiki/List_of_tz_database_time_zones.",
    ru="{name} должно быть часовым поясом вроде Europe/Moscow, а {value!r} им не является: "
    "список есть на en.wikipedia.org/wiki/List_of_tz_database_time_zones.",
)
NOT_ONE_OF = Words(
    en="{name} must be one of {choices}, and it is {value!r}.",
    ru="{name} должно быть одним из: {choices}, а там {value!r}.",
)
PATH_UNUSABLE = Words(
    en="{name} names {path}, which cannot be used ({reason}): mend its permissions, or choose another place.",
    ru="{name} указывает на {path}, а это место недоступно ({reason}): исправьте права или выберите другое.",
)
UNKNOWN_HOME = Words(
    en="{name} names {path}, and the home folder it begins with is not known here: write the path from / on.",
    ru="{name} указывает на {path}, а такой домашней папки здесь нет: напишите путь целиком, от /.",
)
STARTED_NOWHERE = Words(
    en="{name} names {path}, seen from the folder in which Jobs was started, and that one is gone: "
    "change to another folder and start again.",
    ru="{name} указывает на {path} в папке, где запущен Jobs, а её больше нет: "
    "перейдите в другую папку и запустите снова.",
)
FOLDER_IS_FILE = Words(
    en="{name} names {path}, which is a file: choose a folder.",
    ru="{name} указывает на {path}, а это файл: выберите папку.",
)
SESSION_IS_FOLDER = Words(
    en="{name} names {path}, which is a folder: choose a file.",
    ru="{name} указывает на {path}, а это папка: выберите файл.",
)
UPDATE_SOURCE = Words(
    en="{name} is no git address and no folder: write something like https://git.example.org/jobs.git.",
    ru="{name} – не адрес git и не папка: напишите, например, https://git.example.org/jobs.git.",
)
UPDATE_REF = Words(
    en="{name} is no name of a branch: write “release” for the newest version, or a branch such as main.",
    ru="{name} – не имя ветки: напишите release (самая новая версия) или ветку, например main.",
)

MISSING_TG_API_ID = Words(
    en="TG_API_ID is not set: get it at my.telegram.org, or run `jobs setup`.",
    ru="Не задано TG_API_ID: возьмите его на my.telegram.org или запустите `jobs setup`.",
)
MISSING_TG_API_HASH = Words(
    en="TG_API_HASH is not set: get it at my.telegram.org, or run `jobs setup`.",
    ru="Не задано TG_API_HASH: возьмите его на my.telegram.org или запустите `jobs setup`.",
)
MISSING_TG_USER_ID = Words(
    en="TG_USER_ID is not set: it says who the owner is; `jobs setup` finds your id.",
    ru="Не задано TG_USER_ID: по нему узнаётся владелец; ваш id найдёт `jobs setup`.",
)
MISSING_CLAUDE = Words(
    en="Neither ANTHROPIC_API_KEY nor CLAUDE_CODE_OAUTH_TOKEN is set: "
    "get a key at console.anthropic.com or a token with `claude setup-token`, or run `jobs setup`.",
    ru="Не задан ни ANTHROPIC_API_KEY, ни CLAUDE_CODE_OAUTH_TOKEN: возьмите ключ на console.anthropic.com "
    "или токен командой `claude setup-token`, либо запустите `jobs setup`.",
)
MISSING_SESSION = Words(
    en="Nobody is signed in to Telegram yet ({path} does not exist): run `jobs setup`.",
    ru="Вход в Telegram ещё не выполнен (нет файла {path}): запустите `jobs setup`.",
)
