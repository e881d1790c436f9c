"""What is said while somebody signs in to Telegram, and about the file that keeps them signed in."""

from __future__ import annotations

from jobs.core.i18n import Words

UNREACHABLE = Words(
    en="Telegram cannot be reached: check the network connection, and TG_PROXY if you need a proxy.",
    ru="Telegram недоступен: проверьте сеть, а если нужен прокси, то и TG_PROXY.",
)
WRONG_APP = Words(
    en="Telegram does not know this api_id and api_hash: copy both again from my.telegram.org.",
    ru="Telegram не знает таких api_id и api_hash: скопируйте оба заново с my.telegram.org.",
)
WRONG_NUMBER = Words(
    en="Telegram does not accept this phone number: write it with the country code, such as +44 7911 123456.",
    ru="Telegram не принимает этот номер: напишите его с кодом страны, например +7 912 345-67-89.",
)
UNKNOWN_NUMBER = Words(
    en="This number has no Telegram account yet: sign up in a Telegram app first, then come back.",
    ru="На этот номер ещё нет аккаунта Telegram: сначала зарегистрируйтесь в приложении и возвращайтесь.",
)
BANNED_NUMBER = Words(
    en="Telegram has banned this number: use another one, or write to recover@telegram.org.",
    ru="Telegram заблокировал этот номер: возьмите другой или напишите на recover@telegram.org.",
)
WRONG_CODE = Words(
    en="That is not the code: look again and type the digits.",
    ru="Код не подошёл: посмотрите ещё раз и введите цифры.",
)
CODE_EXPIRED = Words(
    en="This code is no longer valid: Telegram has to send a new one.",
    ru="Этот код уже не действует: нужно получить новый.",
)
WRONG_PASSWORD = Words(
    en="That is not the two-step verification password: try again.",
    ru="Пароль двухэтапной проверки не подошёл: попробуйте ещё раз.",
)
TOO_MANY_TRIES = Words(
    en="Telegram asks to wait after so many tries: come back in {minutes} min.",
    ru="Слишком много попыток, Telegram просит подождать: возвращайтесь через {minutes} мин.",
)
TOO_MANY_TODAY = Words(
    en="Telegram allows no more tries with this number for now: come back tomorrow.",
    ru="Пока Telegram больше не даёт попыток с этим номером: возвращайтесь завтра.",
)
REFUSED = Words(
    en="Telegram refused the sign-in ({reason}): try again later, or sign in the other way.",
    ru="Telegram отказал во входе ({reason}): попробуйте позже или войдите другим способом.",
)
FORGOTTEN = Words(
    en="Telegram does not know this sign-in any more: run `jobs setup` to sign in again.",
    ru="Telegram больше не знает этого входа: запустите `jobs setup` и войдите заново.",
)
SESSION_UNUSABLE = Words(
    en="The sign-in file {path} cannot be used ({reason}): if Jobs is already running, stop it; "
    "if the file is damaged, delete it and run `jobs setup`.",
    ru="Файл входа {path} не удалось открыть ({reason}): если Jobs уже запущен, остановите его; "
    "если файл повреждён, удалите его и запустите `jobs setup`.",
)
SESSION_TAKEN = Words(
    en="Another Jobs is running with the sign-in file {path}: stop it first, "
    "or give this one a file of its own with TG_SESSION_PATH and `jobs setup`.",
    ru="С файлом входа {path} уже работает другой Jobs: сначала остановите его "
    "или дайте этому отдельный файл через TG_SESSION_PATH и `jobs setup`.",
)
