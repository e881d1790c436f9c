"""What `jobs setup` says and asks."""

from __future__ import annotations

from jobs.core.i18n import Words

KEPT = Words(en="kept, Enter leaves it", ru="сохранено, Enter оставит")
YES_OR_NO = Words(en="Y/n", ru="Д/н")
NO_OR_YES = Words(en="y/N", ru="д/Н")
ANSWER_YES_OR_NO = Words(en="Please answer y or n.", ru="Ответьте, пожалуйста, д или н.")
YOUR_CHOICE = Words(en="Your choice", ru="Ваш выбор")
CHOOSE_A_NUMBER = Words(en="Please type a number from 1 to {last}.", ru="Введите, пожалуйста, число от 1 до {last}.")

LANGUAGE_QUESTION = Words(en="Language / Язык", ru="Language / Язык")
LANGUAGE_EN = Words(en="English", ru="English")
LANGUAGE_RU = Words(en="Русский", ru="Русский")
LANGUAGE_AUTO = Words(en="The one of my Telegram app", ru="Как в моём Telegram")

WELCOME = Words(
    en="\nA few questions, and Jobs is ready. Each answer is saved at once in {path}.\n"
    "Enter keeps what stands in [brackets]; Ctrl+C stops, and you can go on later.",
    ru="\nНесколько вопросов, и Jobs готов. Каждый ответ сразу сохраняется в {path}.\n"
    "Enter оставляет то, что в [скобках]; Ctrl+C прерывает, продолжить можно потом.",
)
INTERRUPTED = Words(
    en="\nStopped. What you answered is kept in {path}; run `jobs setup` to go on.",
    ru="\nОстановлено. Ваши ответы сохранены в {path}; продолжить: `jobs setup`.",
)
FROM_ENVIRONMENT = Words(
    en="{name} comes from the environment, which wins over .env: left as it is.",
    ru="{name} задано в окружении, оно важнее, чем .env: оставляю как есть.",
)

APP_SECTION = Words(
    en="\n1. Telegram application\n"
    "Open https://my.telegram.org, sign in, choose “API development tools” and create an application\n"
    "(any name will do). The page then shows api_id and api_hash.",
    ru="\n1. Приложение Telegram\n"
    "Откройте https://my.telegram.org, войдите, выберите «API development tools» и создайте приложение\n"
    "(название любое). На странице появятся api_id и api_hash.",
)
API_ID = Words(en="api_id", ru="api_id")
API_HASH = Words(en="api_hash (not shown while you type)", ru="api_hash (при вводе не виден)")
CHECKING_TELEGRAM = Words(en="Asking Telegram…", ru="Спрашиваю Telegram…")
APP_GOOD = Words(en="✓ Telegram knows this application.", ru="✓ Telegram знает это приложение.")

ACCOUNT_SECTION = Words(en="\n2. Telegram account", ru="\n2. Аккаунт Telegram")
STILL_SIGNED_IN = Words(
    en="✓ Signed in as {name} (id {id}). Keep this account?",
    ru="✓ Выполнен вход: {name} (id {id}). Оставить этот аккаунт?",
)
JOBS_IS_RUNNING = Words(
    en="Jobs is running right now, so its sign-in is left as it is. New settings apply after a restart.",
    ru="Jobs сейчас запущен, поэтому вход остаётся как есть. Новые настройки подействуют после перезапуска.",
)
WHOSE_ACCOUNT = Words(
    en="Which account shall the assistant use?",
    ru="Каким аккаунтом будет пользоваться помощник?",
)
OWN_ACCOUNT = Words(
    en="One of its own, with another phone number; you write to it like to anybody else",
    ru="Своим, с другим номером телефона; вы пишете ему, как обычному собеседнику",
)
MY_ACCOUNT = Words(
    en="Mine; I talk to it in Saved Messages",
    ru="Моим; я говорю с ним в «Избранном»",
)
HOW_TO_SIGN_IN = Words(en="How do you want to sign that account in?", ru="Как войти в этот аккаунт?")
BY_CODE = Words(en="With a code that Telegram sends", ru="По коду, который пришлёт Telegram")
BY_QR = Words(
    en="With a QR code, scanned by a phone where that account is signed in",
    ru="По QR-коду с телефона, где этот аккаунт уже открыт",
)
PHONE = Words(en="Its phone number, with the country code", ru="Номер телефона с кодом страны")
CODE_BY_APP = Words(
    en="Telegram sent a code to the Telegram app of that account.",
    ru="Telegram прислал код в приложение этого аккаунта.",
)
CODE_BY_SMS = Words(en="Telegram sent a code by SMS.", ru="Telegram прислал код по SMS.")
CODE_BY_CALL = Words(en="Telegram calls that number and says a code.", ru="Telegram позвонит и продиктует код.")
CODE_BY_EMAIL = Words(en="Telegram sent a code by e-mail.", ru="Telegram прислал код на почту.")
CODE_SOMEHOW = Words(en="Telegram sent a code.", ru="Telegram прислал код.")
CODE = Words(en="The code", ru="Код")
PASSWORD = Words(
    en="Two-step verification password (not shown while you type)",
    ru="Пароль двухэтапной проверки (при вводе не виден)",
)
PASSWORD_HINT = Words(en="Its hint: {hint}", ru="Подсказка: {hint}")
SCAN = Words(
    en="On that phone: Telegram, Settings, Devices, Link Desktop Device. Point it here:",
    ru="На том телефоне: Telegram, Настройки, Устройства, Подключить устройство. Наведите сюда:",
)
SIGNED_IN = Words(en="✓ Signed in as {name} (id {id}).", ru="✓ Вход выполнен: {name} (id {id}).")

OWNER_SECTION = Words(
    en="\n3. You\nThe assistant obeys one person, known by a numeric Telegram id.",
    ru="\n3. Вы\nПомощник слушается одного человека и узнаёт его по числовому id в Telegram.",
)
OWNER_IS_ACCOUNT = Words(
    en="✓ You are {name} (id {id}): write to the assistant in Saved Messages.",
    ru="✓ Вы {name} (id {id}): пишите помощнику в «Избранное».",
)
OWNER_NAME = Words(en="Your @username, or your numeric id", ru="Ваш @username или числовой id")
OWNER_FOUND = Words(en="Found {name} (id {id}). Is that you?", ru="Найден аккаунт: {name} (id {id}). Это вы?")
OWNER_IS_SAME = Words(
    en="That is the assistant's own account. Is it yours too, so that you talk to it in Saved Messages?",
    ru="Это аккаунт самого помощника. Он тоже ваш, и вы будете говорить с ним в «Избранном»?",
)
OWNER_NOT_FOUND = Words(
    en="Nobody is found under {name}: check the spelling, or type your numeric id.",
    ru="По {name} никто не нашёлся: проверьте написание или введите числовой id.",
)
OWNER_UNSEEN = Words(
    en="The assistant has not met id {id} yet. Are you sure that it is yours?",
    ru="Помощник ещё не встречал id {id}. Вы уверены, что это ваш?",
)

CLAUDE_SECTION = Words(en="\n4. Claude, which thinks", ru="\n4. Claude, который думает")
CLAUDE_KIND = Words(en="How do you pay for Claude?", ru="Как вы платите за Claude?")
CLAUDE_BY_KEY = Words(
    en="API key, from console.anthropic.com",
    ru="Ключ API с console.anthropic.com",
)
CLAUDE_BY_TOKEN = Words(
    en="Subscription (Pro or Max): a token that `claude setup-token` prints",
    ru="Подписка (Pro или Max): токен, который выводит `claude setup-token`",
)
HOW_TO_TOKEN = Words(
    en="In another terminal run:\n  {command}",
    ru="В другом терминале запустите:\n  {command}",
)
CLAUDE_KEY = Words(en="API key (not shown while you type)", ru="Ключ API (при вводе не виден)")
CLAUDE_TOKEN = Words(en="Token (not shown while you type)", ru="Токен (при вводе не виден)")
CHECKING_CLAUDE = Words(en="Asking Claude…", ru="Спрашиваю Claude…")
CLAUDE_GOOD = Words(en="✓ Claude accepts it.", ru="✓ Claude его принимает.")
CLAUDE_REFUSED = Words(
    en="Claude refuses it ({status}): copy it again, or make a new one.",
    ru="Claude его не принимает ({status}): скопируйте заново или создайте новый.",
)
CLAUDE_UNREACHABLE = Words(
    en="Claude cannot be reached ({reason}), so it could not be checked.",
    ru="Claude недоступен ({reason}), поэтому проверить не удалось.",
)
CLAUDE_UNSURE = Words(
    en="Claude answers, but did not say whether it is good ({status}).",
    ru="Claude отвечает, но не говорит, годится ли он ({status}).",
)
KEEP_ANYWAY = Words(en="Keep it all the same?", ru="Всё равно оставить?")

ZONE_SECTION = Words(en="\n5. Time zone", ru="\n5. Часовой пояс")
ZONE = Words(en="Yours, such as Europe/Berlin", ru="Ваш, например Europe/Moscow")

BROWSER_PASSWORD = Words(
    en="\n✓ To look at the browser, and to log in to sites in it, you need this password: {password}\n"
    "It stays in {path}.",
    ru="\n✓ Чтобы видеть браузер и входить в нём на сайты, понадобится этот пароль: {password}\nОн хранится в {path}.",
)

ALL_SET = Words(
    en="\n✓ Everything is set. `{start}` starts Jobs, `jobs doctor` checks it.\n"
    "Then write to it in Telegram: “hello” will do.",
    ru="\n✓ Всё готово. `{start}` запускает Jobs, `jobs doctor` проверяет.\n"
    "А потом напишите ему в Telegram: хватит и «привет».",
)
STILL_MISSING = Words(
    en="\nStill missing: {names}. Run `jobs setup` again when you have it.",
    ru="\nЕщё не хватает: {names}. Запустите `jobs setup` снова, когда появится.",
)
FOLDER_GONE = Words(
    en="The folder that you are in is gone: change to another one and run `jobs setup` there.",
    ru="Папки, в которой вы находитесь, больше нет: перейдите в другую и запустите `jobs setup` там.",
)
ENV_FILE_NOT_WRITTEN = Words(
    en="{path} cannot be written ({reason}): mend its permissions and run again.",
    ru="{path} не удалось записать ({reason}): исправьте права и запустите снова.",
)
