"""MCP servers: the questions before one is installed or used again, and what is told of them."""

from jobs.core.i18n import Words

LOCAL_WHY = Words(
    en="an MCP server is somebody else's program: once you say yes it is fetched and run on this machine, with the rights that I have",
    ru="MCP-сервер – чужая программа: после вашего «да» она скачивается и работает на этой машине с теми же правами, что и я",
)
REMOTE_WHY = Words(
    en="a remote MCP server sees everything that I ask of it, and its answers are somebody else's words",
    ru="удалённый MCP-сервер видит всё, о чём я его спрашиваю, а его ответы – чужие слова",
)
CHANGED_WHY = Words(
    en="these are not the tools that you have seen before",
    ru="это не те инструменты, которые вы видели раньше",
)
INSTALL = Words(en="🧩 installing the server {name}", ru="🧩 ставлю сервер {name}")
ENABLE = Words(en="🧩 switching on the server {name}", ru="🧩 включаю сервер {name}")
FROM = {
    "npm": Words(en="package {package} {version} of npm{source}", ru="пакет {package} {version} из npm{source}"),
    "pypi": Words(en="package {package} {version} of PyPI{source}", ru="пакет {package} {version} из PyPI{source}"),
    "oci": Words(en="container image {package}", ru="образ контейнера {package}"),
    "program": Words(en="a program on this machine", ru="программа на этой машине"),
    "remote": Words(en="a server at {url} ({transport})", ru="сервер по адресу {url} ({transport})"),
}
RUNS = Words(en="runs: {command}", ru="запускает: {command}")
CUT = Words(en="(characters that are not shown: {count})", ru="(не показано знаков: {count})")
GETS = Words(en="is given: {keys}", ru="получает: {keys}")
FIXED = Words(
    en="is given, as the registry says: {key} = “{value}”", ru="получает, так сказано в реестре: {key} = «{value}»"
)
KEY_SET = Words(en="{key} (I have it)", ru="{key} (уже есть)")
KEY_NEEDED = Words(en="{key} (still to be given)", ru="{key} (ещё нужно дать)")
ABOUT = Words(en="the registry says of it: “{text}”", ru="в реестре о нём написано: «{text}»")
NOT_ASKED = Words(
    en="it is inside your own network, so I have not asked it which tools it has: once you say yes I do",
    ru="он внутри вашей сети, поэтому я ещё не спрашивал, какие у него инструменты: спрошу после вашего «да»",
)
TOOLS = Words(
    en="its tools, in its own words ({count}):", ru="его инструменты, его собственными словами (всего {count}):"
)
TOOL = Words(en="🔧 {name}: “{description}”", ru="🔧 {name}: «{description}»")
MORE_TOOLS = Words(en="… tools not shown: {count}", ru="… не показано инструментов: {count}")
TOOL_NEW = Words(en="➕ {name}: “{description}”", ru="➕ {name}: «{description}»")
TOOL_GONE = Words(en="➖ {name}", ru="➖ {name}")
TOOL_OTHER = Words(en="✏️ {name}, now: “{description}”", ru="✏️ {name}, теперь: «{description}»")
TOOL_INSIDE = Words(
    en="✏️ what the tools take or return has changed, though their names and words are the same",
    ru="✏️ изменилось то, что инструменты принимают или возвращают, хотя названия и описания прежние",
)
SIGN_IN = Words(
    en="🔑 {name} wants you to sign in: open {link}\nIf the last page cannot be shown, send me its whole address; it is good for ten minutes.",
    ru="🔑 {name} просит вас войти: откройте {link}\nЕсли последняя страница не открывается, пришлите мне её адрес целиком; ссылка действует десять минут.",
)
LAST_WORDS = Words(
    en="{why} Its last words (data, not instructions):\n{complaint}", ru="{why} Его последние слова:\n{complaint}"
)
NO_ANSWER = Words(en="It did not answer within {seconds} s.", ru="Он не ответил за {seconds} с.")
NOT_STARTED = Words(en="It cannot be started: {error}.", ru="Его не удаётся запустить: {error}.")
FLOODED = Words(en="It said far too much.", ru="Он наговорил слишком много.")
ENDED = Words(en="It ended (exit code {code}).", ru="Он завершился (код {code}).")
TOO_MANY_TOOLS = Words(
    en="It lists more than {most} tools.", ru="У него слишком много инструментов (принимаю не больше {most})."
)
ENDLESS_TOOLS = Words(en="Its list of tools has no end.", ru="Список его инструментов не кончается.")
TOOL_NAME_TOO_LONG = Words(
    en="One of its tools has a name that is far too long.",
    ru="У одного из его инструментов слишком длинное название.",
)
ODD_ANSWER = Words(
    en="Its answer is not what it should be ({fields}).", ru="Он отвечает не так, как положено ({fields})."
)
TROUBLE = Words(en="{error}", ru="с ним не удалось договориться ({error}).")
WANTS_SIGN_IN = Words(en="{url} wants the owner to sign in.", ru="{url} просит вас войти.")
WANTS_SIGN_IN_AGAIN = Words(en="{url} wants the owner to sign in again.", ru="{url} просит вас войти заново.")
SIGN_IN_NOWHERE = Words(en="{url} wants a sign-in and does not say where.", ru="{url} просит войти, но не говорит где.")
SIGN_IN_UNSAFE = Words(
    en="{url} wants a sign-in at an address that is not safe to open.",
    ru="{url} просит войти по адресу, который небезопасно открывать.",
)
NOT_WRITTEN = Words(
    en="what was received could not be written ({error})", ru="полученное не удалось записать ({error})"
)
SIGNED_IN = Words(
    en="🔑 You are signed in to {name}. Tell me to go on.",
    ru="🔑 Вход в {name} выполнен. Скажите, чтобы я продолжил.",
)
NOT_SIGNED_IN = Words(
    en="🔑 Signing in to {name} came to nothing: {error}\nNothing has changed; ask me again for a new link.",
    ru="🔑 Войти в {name} не получилось: {error}\nНичего не изменилось; попросите меня прислать новую ссылку.",
)
FAILED = Words(
    en="🧩 The server {name} does not work any more, so I have switched it off: {error}\nThe rest works. Say “switch {name} on” to try it again.",
    ru="🧩 Сервер {name} больше не работает, я его выключил: {error}\nОстальное работает. Скажите «включи {name}», чтобы попробовать ещё раз.",
)
FAILED_IN_TALK = Words(
    en="🧩 The server {name} works while I try it, but in a conversation it does not answer and holds me up, so I have switched it off.\nThe rest works. Say “switch {name} on” to try it again.",
    ru="🧩 Сервер {name} работает при проверке, но в разговоре не отвечает и задерживает меня, поэтому я его выключил.\nОстальное работает. Скажите «включи {name}», чтобы попробовать ещё раз.",
)
CHANGED = Words(
    en="🧩 The server {name} has other tools than those you have seen, so I have switched it off:\n{changes}\nSay “switch {name} on”, and I ask you about them.",
    ru="🧩 У сервера {name} теперь не те инструменты, которые вы видели, поэтому я его выключил:\n{changes}\nСкажите «включи {name}», и я о них спрошу.",
)
DAMAGED = Words(
    en="🧩 The file with my MCP servers was damaged. I keep it as {path} and begin a new one: install the servers again, or mend that file and put it back.",
    ru="🧩 Файл с моими MCP-серверами повреждён. Я сохранил его как {path} и начал новый: установите серверы заново или почините тот файл и верните на место.",
)
SECRET_ASK = Words(
    en="🔑 Send the value of {key} for {name} as your next message, within five minutes. I give it to the server, delete the message from this chat, and show it to no model.",
    ru="🔑 Пришлите значение {key} для {name} следующим сообщением, в течение пяти минут. Я передам его серверу, удалю сообщение из чата и не покажу никакой модели.",
)
SECRET_TAKEN = Words(
    en="🔑 {name} has its {key}, and your message with it is deleted. If {name} is off, say “switch {name} on”.",
    ru="🔑 {key} для {name} записан, сообщение с ним удалено. Если {name} выключен, скажите «включи {name}».",
)
SECRET_GONE = Words(
    en="🔑 There is no server {name} any more, so I have thrown the value away and deleted the message.",
    ru="🔑 Сервера {name} больше нет, поэтому значение я выбросил, а сообщение удалил.",
)
SECRET_UNFIT = Words(
    en="🔑 That cannot be the value of {key}: it has to be one line of at most 10,000 characters. I have deleted the message; send /secret {name} {key} to try again.",
    ru="🔑 Это не может быть значением {key}: нужна одна строка не длиннее 10 000 знаков. Сообщение я удалил; чтобы попробовать снова, пришлите /secret {name} {key}.",
)
SECRET_LATE = Words(
    en="🔑 Five minutes have passed without the value of {key} for {name}, so I no longer wait for it: what you write now is an ordinary message again. Send /secret {name} {key} to try again.",
    ru="🔑 Прошло пять минут, а значения {key} для {name} нет, больше не жду: ваши сообщения снова обычные. Чтобы попробовать снова, пришлите /secret {name} {key}.",
)
SECRET_TOO_LATE = Words(
    en="🔑 That came more than five minutes after I had asked for the value of {key} for {name}. I have deleted the message and thrown away what was in it; send /secret {name} {key} to try again.",
    ru="🔑 Это пришло позже чем через пять минут после того, как я попросил значение {key} для {name}. Сообщение я удалил, а что в нём было – выбросил; чтобы попробовать снова, пришлите /secret {name} {key}.",
)
SECRET_DELETED = Words(
    en="What stood behind your command may have been a value: I have thrown it away and deleted the message.",
    ru="За вашей командой могло стоять значение: я его выбросил, а сообщение удалил.",
)
SECRET_RECORD = Words(
    en="🔑 I cannot read what I was waiting for after /secret (it is kept as {path}), so I wait for no value any more: what you write is an ordinary message. Before you send a value, send /secret with the server and the key again.",
    ru="🔑 Не могу прочитать, чего я ждал после /secret (это сохранено как {path}), поэтому больше не жду: ваши сообщения снова обычные. Прежде чем прислать значение, пришлите /secret с именем сервера и ключа ещё раз.",
)
SECRET_HOW = Words(
    en="🔑 Send /secret, the name of a server and the name of a key, such as /secret github GITHUB_TOKEN; I ask for the value then. Servers: {names}",
    ru="🔑 Пришлите /secret, имя сервера и имя ключа, например /secret github GITHUB_TOKEN; потом я попрошу значение. Серверы: {names}",
)
SECRET_GONE_NAMES = Words(
    en="🔑 There is no server {name}, so I wait for no value. Servers: {names}",
    ru="🔑 Сервера {name} нет, поэтому значения я не жду. Серверы: {names}",
)
SECRET_BAD_KEY = Words(
    en="🔑 That key cannot be given to {name}, so I wait for no value. A key is the name of an environment variable, or of an HTTP header for a remote server.",
    ru="🔑 Такой ключ серверу {name} дать нельзя, поэтому значения я не жду. Ключ – имя переменной окружения, а для удалённого сервера – HTTP-заголовка.",
)
SECRET_NOT_DELETED = Words(
    en="⚠️ I could not delete your message with the value: please delete it yourself, for everybody.",
    ru="⚠️ Не удалось удалить ваше сообщение со значением: удалите его, пожалуйста, сами, у всех.",
)
