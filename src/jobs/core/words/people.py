"""What the program says about other people, and to them."""

from collections.abc import Sequence

from jobs.core.i18n import Language, Words

NEW_ERRAND = Words(en="📌 New errand {id}: {title} ({who})", ru="📌 Новое поручение {id}: {title} ({who})")
PROGRESS = Words(en="📌 {id}, {title}: {state}{result}", ru="📌 {id}, {title}: {state}{result}")
STATUS = {
    "pending": Words(en="not begun", ru="ещё не начато"),
    "in_progress": Words(en="under way", ru="в работе"),
    "waiting": Words(en="waiting for an answer", ru="ждём ответа"),
    "done": Words(en="✅ settled", ru="✅ улажено"),
    "cancelled": Words(en="called off", ru="отменено"),
    "failed": Words(en="❌ not possible", ru="❌ не вышло"),
}
ENOUGH = Words(
    en="Thank you, I have a lot of messages from you now; I will read on a little later.",
    ru="Спасибо, от вас уже много сообщений; дочитаю чуть позже.",
)
ENOUGH_OWNER = Words(
    en="✋ {who} has reached their limit; I read on at {time}. To change that, tell me.",
    ru="✋ {who}: достигнут лимит, продолжу в {time}. Если нужно иначе, скажите мне.",
)
HELP = Words(
    en="I am Jobs, an assistant (a program) who writes on behalf of my owner. Just write what you want to say; I pass it on where needed.\n\n/clear – begin our conversation afresh",
    ru="Я Jobs, помощник (программа), пишу от имени своего владельца. Просто напишите, что хотите сказать; что нужно, я передам.\n\n/clear – начать наш разговор заново",
)
CLEARED = Words(en="Let us begin afresh.", ru="Начнём сначала.")
NOT_ANSWERED = Words(en="⚠️ I cannot answer {who} right now: {why}", ru="⚠️ Не могу сейчас ответить ({who}): {why}")
WITHHELD = {
    "private": Words(
        en="⚠️ My answer to {who} held something private even after corrections, so it was not sent. They wait for an answer.",
        ru="⚠️ Мой ответ ({who}) и после исправлений содержал личное, поэтому не отправлен. Человек ждёт ответа.",
    ),
    "banned": Words(
        en="🚫 You banned {who} while I was answering, so my answer was not sent.",
        ru="🚫 Вы заблокировали человека, пока я отвечал ({who}): мой ответ не отправлен.",
    ),
    "unchecked": Words(
        en="⚠️ My answer to {who} was not sent: I cannot read {what}, so I do not know what is private there. Look at that file, please. They wait for an answer.",
        ru="⚠️ Мой ответ ({who}) не отправлен: не могу прочитать {what} и не знаю, что там личное. Посмотрите этот файл, пожалуйста. Человек ждёт ответа.",
    ),
}
FIRST_CONTACTS = Words(
    en="✋ My message to {who} waits until {time}: I have written to many new people, and Telegram does not like more.",
    ru="✋ Сообщение ({who}) подождёт до {time}: я уже написал многим новым людям, больше Telegram не любит.",
)
NOT_SENT = Words(en="🚫 This waited and is not sent any more: {what}", ru="🚫 Ждало отправки и уже не уйдёт: {what}")
AND_MORE = Words(en="and {count} more", ru="и ещё {count}")
FIRST_CONTACTS_OF_SEVERAL = Words(
    en="✋ My messages to {who} wait, the first of them until {time}: I have written to many new people, and Telegram does not like more.",
    ru="✋ Сообщения ({who}) подождут, первое до {time}: я уже написал многим новым людям, больше Telegram не любит.",
)
MORE_STRANGERS = Words(
    en="👋 Others have written to me as well: {who}. I ask you about them one by one as you answer my questions above.",
    ru="👋 Мне написали и другие: {who}. Спрошу о них по очереди, по мере ваших ответов на вопросы выше.",
)
EARLIER_ERRAND = Words(
    en="It may be about {id}, {title}: {state}.", ru="Возможно, речь о поручении {id}, {title}: {state}."
)
OVERDUE_NOW = Words(
    en="⏰ {id}, {title}: the time has passed ({time}), and it is not settled with {who}.",
    ru="⏰ {id}, {title}: срок прошёл ({time}), а не улажено ({who}).",
)
OVERDUE = Words(en="overdue", ru="просрочено")
PASSES_ON = Words(en="✉️ {who} asks to pass this on:\n{text}", ru="✉️ {who} просит передать:\n{text}")
FROM_ERRAND = Words(en="📌 {id}, {title}: {text}", ru="📌 {id}, {title}: {text}")
NOTHING_AHEAD = Words(
    en="There are no open errands, and nothing is planned or followed.",
    ru="Открытых поручений нет, ничего не запланировано, ни за чем не слежу.",
)
ERRANDS_TITLE = Words(en="**Open errands**", ru="**Открытые поручения**")
ERRAND_LINE = Words(
    en="**{id}** {title}: {who}, {state}{deadline}{next}", ru="**{id}** {title}: {who}, {state}{deadline}{next}"
)
UNTIL = Words(en=", until {time}", ru=", до {time}")
NEXT_STEP = Words(en="\nnext: {step}", ru="\nдальше: {step}")

_MOST_NAMED = 10


def listed(names: Sequence[str], language: Language) -> str:
    """Names in a row; of many the first, and how many more there are."""
    named, more = names[:_MOST_NAMED], len(names) - _MOST_NAMED
    return ", ".join([*named, AND_MORE.say(language, count=more)] if more > 0 else named)
