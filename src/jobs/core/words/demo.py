"""What `jobs demo` says: around the chat, in the tour, and what its scripted assistant answers."""

from __future__ import annotations

from jobs.core.i18n import Words

# Around the chat

ABOUT = Words(
    en="A chat with the assistant in a small world of its own: no account, no key, no network.",
    ru="Чат с помощником в маленьком отдельном мире: без аккаунта, ключа и сети.",
)
OPTION_SCRIPTED = Words(
    en="answer by a script even where a key for Claude is set",
    ru="отвечать по сценарию, даже если задан ключ Claude",
)
OPTION_TOUR = Words(
    en="play a short conversation and end (without a terminal it does so anyway)",
    ru="показать короткий разговор и закончить (без терминала так и будет)",
)

OPENING = Words(en="Opening the demo…", ru="Открываю демо…")
STARTING_TELEGRAM = Words(en="starting Telegram…", ru="запускаю Telegram…")
STARTING_ASSISTANT = Words(en="starting the assistant…", ru="запускаю помощника…")
READY = Words(en="ready in {seconds} s", ru="готово за {seconds} с")
STOPPING = Words(en="Stopping…", ru="Останавливаю…")
STOPPED = Words(en="Everything is stopped, its folder is removed.", ru="Всё остановлено, папка удалена.")

SCRIPTED_WORLD = Words(
    en="This is a small world on this machine: a Telegram, you in it, and the real assistant, which runs commands for real in {workspace}. A script does its thinking, and nothing leaves this machine.",
    ru="Это маленький мир на этой машине: Telegram, вы в нём и настоящий помощник, который по-настоящему выполняет команды в {workspace}. Думает за него сценарий, и ничего не уходит с этой машины.",
)
REAL_WORLD = Words(
    en="This is a small world on this machine: a Telegram, you in it, and the real assistant, which runs commands for real, with your rights, in {workspace}. It thinks with {model}: what you write and what it reads goes to {host}.",
    ru="Это маленький мир на этой машине: Telegram, вы в нём и настоящий помощник, который по-настоящему, с вашими правами, выполняет команды в {workspace}. Думает он с помощью {model}: написанное вами и прочитанное им уходит на {host}.",
)
TRY_SCRIPTED = Words(
    en="Try: list files · run date · remember that I take my tea black · show formatting · do something slow, then /stop · /help · @/path/of/a/photo.jpg",
    ru="Попробуйте: покажи файлы · выполни date · запомни, что я пью чай без сахара · покажи оформление · сделай что-нибудь долгое и /stop · /help · @/путь/к/фото.jpg",
)
TRY_REAL = Words(
    en="Ask for anything: what lies in its folder, a small program, a summary of notes.txt. Also /help, /usage, and @/path/of/a/photo.jpg to show it a picture.",
    ru="Просите о чём угодно: что лежит в его папке, маленькую программу, пересказ notes.txt. Ещё есть /help, /usage, а @/путь/к/фото.jpg покажет ему картинку.",
)

ONLINE = Words(en="online", ru="в сети")
TYPING = Words(en="typing…", ru="печатает…")
CONNECTING = Words(en="connecting…", ru="соединение…")
OFFLINE = Words(en="offline", ru="не в сети")
BADGE_SCRIPTED = Words(en="demo · scripted", ru="демо · по сценарию")
BADGE_REAL = Words(en="demo · {model}", ru="демо · {model}")
PLACEHOLDER = Words(en="Message", ru="Сообщение")
KEYS = Words(
    en="Enter sends · Ctrl+J new line · PgUp scrolls · Ctrl+Q leaves",
    ru="Enter отправит · Ctrl+J новая строка · PgUp листает · Ctrl+Q выход",
)
PHOTO = Words(en="🖼  photo · {size}", ru="🖼  фото · {size}")
DOCUMENT = Words(en="📎 {name} · {size}", ru="📎 {name} · {size}")
HIDDEN = Words(en="Ctrl+R shows what is hidden", ru="Ctrl+R покажет скрытое")
NOT_READY = Words(
    en="One moment, the assistant is still starting; your message stays in the box.",
    ru="Секунду, помощник ещё запускается; сообщение остаётся в строке.",
)
NO_SUCH_FILE = Words(
    en="There is no file {path}, so this goes out as text.",
    ru="Файла {path} нет, поэтому уйдёт просто текст.",
)
FILE_TOO_BIG = Words(
    en="{path} is {size}: this world takes files of up to {limit}.",
    ru="{path} занимает {size}: этот мир принимает файлы до {limit}.",
)
NOT_SENT = Words(en="That could not be sent ({reason}).", ru="Отправить не удалось ({reason}).")

NOT_STARTED = Words(
    en="The assistant did not start ({reason}); `jobs doctor` may know why.",
    ru="Помощник не запустился ({reason}); возможно, `jobs doctor` знает почему.",
)
DIED = Words(
    en="The assistant's program has ended (exit code {code}), so nobody answers here any more: leave with Ctrl+Q and start the demo again.",
    ru="Программа помощника завершилась (код {code}), отвечать больше некому: выйдите по Ctrl+Q и запустите демо снова.",
)
DEMO_FAILED = Words(
    en="The demo cannot go on ({reason}).",
    ru="Демо не может продолжаться ({reason}).",
)
NO_SIGN = Words(en="no answer to “{text}” within {seconds} s", ru="нет ответа на «{text}» за {seconds} с")

# The workspace

README = Words(
    en="""# The assistant's folder

Everything it writes while you look around ends up here, and is removed when you leave.

- `notes.txt`: a few notes to play with
- `MEMORY.md`: appears once you ask it to remember something
""",
    ru="""# Папка помощника

Всё, что он запишет, пока вы осматриваетесь, окажется здесь и будет удалено при выходе.

- `notes.txt`: несколько заметок для примера
- `MEMORY.md`: появится, когда вы попросите что-нибудь запомнить
""",
)
NOTES = Words(
    en="- water the ficus on Thursdays\n- passport is valid until May 2031\n- Vera's birthday: 14 March, likes tulips\n",
    ru="- поливать фикус по четвергам\n- паспорт действует до мая 2031\n- день рождения Веры: 14 марта, любит тюльпаны\n",
)

# The tour

TOUR_TITLE = Words(
    en="Jobs: a short conversation in a world on this machine, with no account, no key and no network.",
    ru="Jobs: короткий разговор в мире на этой машине, без аккаунта, ключа и сети.",
)
TOUR_YOU = Words(en="You", ru="Вы")
TOUR_END = Words(
    en="That was real: the program, its tools, its Telegram protocol; only the thinking was a script. `jobs demo` in a terminal lets you write yourself.",
    ru="Всё настоящее: программа, инструменты, протокол Telegram; только думал сценарий. `jobs demo` в терминале даст написать самому.",
)
TOUR = (
    Words(en="Hello! Who are you?", ru="Привет! Кто ты?"),
    Words(en="list files", ru="покажи файлы"),
    Words(en="run date", ru="выполни date"),
    Words(en="remember that I take my tea black", ru="запомни, что я пью чай без сахара"),
    Words(en="what do you remember?", ru="что ты помнишь?"),
    Words(en="/usage", ru="/usage"),
)

# The scripted assistant

I_AM_A_SCRIPT = Words(
    en="*First things first: I am a script. I recognise a few sentences and understand nothing; the program around me, its tools and the files are real. With ANTHROPIC_API_KEY set, the demo thinks with Claude.*",
    ru="*Сразу скажу: я сценарий. Узнаю́ несколько фраз и ничего не понимаю; программа вокруг меня, инструменты и файлы настоящие. Если задать ANTHROPIC_API_KEY, в демо будет думать Claude.*",
)
ABILITIES = Words(
    en="""Here is what I recognise:

- `list files`, `read notes.txt`
- `run` and a command, such as `run date`
- `note: buy milk`
- `remember that …`, then `what do you remember?`
- `show formatting`, a longer answer
- `do something slow`; write `/stop` meanwhile
- a photo, sent by its path: `@~/photo.jpg`

`/help` and `/usage` are answered by the program itself.""",
    ru="""Вот что я узнаю́:

- `покажи файлы`, `прочитай notes.txt`
- `выполни` и команда, например `выполни date`
- `запиши: купить молоко`
- `запомни, что …`, потом `что ты помнишь?`
- `покажи оформление`, ответ подлиннее
- `сделай что-нибудь долгое`; тем временем напишите `/stop`
- фотография, присланная путём: `@~/photo.jpg`

На `/help` и `/usage` отвечает сама программа.""",
)
NOT_UNDERSTOOD = Words(
    en="I am a script and did not understand that.",
    ru="Я сценарий и этого не понял.",
)
FILES_FOUND = Words(
    en="In my folder there is this:\n\n{output}",
    ru="В моей папке вот что:\n\n{output}",
)
COMMAND_DONE = Words(en="Done. The command said:\n\n{output}", ru="Готово. Вывод команды:\n\n{output}")
COMMAND_SILENT = Words(en="Done; the command said nothing.", ru="Готово; команда ничего не вывела.")
COMMAND_FAILED = Words(en="The command failed:\n\n{output}", ru="Команда завершилась с ошибкой:\n\n{output}")
FILE_READ = Words(en="`{name}` says:\n\n{output}", ru="В `{name}` написано:\n\n{output}")
FILE_NOT_READ = Words(
    en="I could not read `{name}`. The files here: write `list files`.",
    ru="Не удалось прочитать `{name}`. Какие файлы есть: напишите `покажи файлы`.",
)
NOTED = Words(
    en="Written down at the end of `notes.txt`:\n\n> {line}",
    ru="Записал в конец `notes.txt`:\n\n> {line}",
)
REMEMBERED = Words(
    en="I wrote that into `MEMORY.md`, where I will find it again:\n\n> {line}",
    ru="Записал в `MEMORY.md`, там и найду:\n\n> {line}",
)
NOT_WRITTEN = Words(en="I could not write `{name}`:\n\n{output}", ru="Не удалось записать `{name}`:\n\n{output}")
MEMORY_TITLE = Words(en="# What I remember\n", ru="# Что я помню\n")
RECALLED = Words(en="`MEMORY.md` says:\n\n{lines}", ru="В `MEMORY.md` записано:\n\n{lines}")
NOTHING_REMEMBERED = Words(
    en="Nothing yet. Write `remember that …` and I will.",
    ru="Пока ничего. Напишите `запомни, что …`, и запомню.",
)
SLOW_DONE = Words(en="Counted to fifteen, slowly.", ru="Досчитал до пятнадцати, не торопясь.")
PICTURE = Words(
    en="Your picture has arrived ({media_type}, {size} bytes). A script cannot look at it; Claude can.",
    ru="Картинка пришла ({media_type}, байт: {size}). Сценарий её не разглядит, а Claude сможет.",
)
FORMATTING = Words(
    en="""# How an answer looks

An answer **grows while it is written**, in *one* message, as you have just seen. It can hold `code`, ~~second thoughts~~, [links](https://telegram.org) and ||secrets that open with a click||.

## Lists

1. Numbered, for steps
2. and with points below:
   - the first
   - the second

## A table

| City | Morning | Evening |
|---|---:|---:|
| Lisbon | 14° | 21° |
| Oslo | 3° | 8° |
| Tbilisi | 11° | 19° |

## Code

```python
def greet(name: str) -> str:
    # the language is marked, so apps colour it
    return f"Hello, {name}!"
```

> A quotation stands apart from the rest, however long it gets and however often it has to go on in the next line.

What would be too long for one Telegram message is cut between paragraphs and goes on in the next.""",
    ru="""# Как выглядит ответ

Ответ **растёт, пока пишется**, в *одном* сообщении: вы это только что видели. В нём бывают `код`, ~~передуманное~~, [ссылки](https://telegram.org) и ||секреты, которые открываются нажатием||.

## Списки

1. По номерам, для шагов
2. и с пунктами внутри:
   - первый
   - второй

## Таблица

| Город | Утро | Вечер |
|---|---:|---:|
| Лиссабон | 14° | 21° |
| Осло | 3° | 8° |
| Тбилиси | 11° | 19° |

## Код

```python
def greet(name: str) -> str:
    # язык указан, и приложения раскрашивают код
    return f"Привет, {name}!"
```

> Цитата стоит отдельно от остального, какой бы длинной она ни была и сколько бы раз ни продолжалась на следующей строке.

Что не помещается в одно сообщение Telegram, делится между абзацами и продолжается в следующем.""",
)
