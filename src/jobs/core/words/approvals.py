"""Questions to the owner, and what became of them."""

from jobs.core.i18n import Words

ASK_CALL = Words(
    en="🔐 May I? {errand}\n{what}\n{arguments}\n\nI ask because {why}.\n\n👍 yes, 👎 no (or reply: {replies}). Without an answer by {time} it is a no.",
    ru="🔐 Можно? {errand}\n{what}\n{arguments}\n\nСпрашиваю, потому что {why}.\n\n👍 да, 👎 нет (или ответом: {replies}). Если до {time} ответа не будет, это «нет».",
)
REPLIES = Words(en="yes / no", ru="да / нет")
REPLIES_IN_ERRAND = Words(en="yes / no / for this errand", ru="да / нет / для этого поручения")
LEFT_OUT = Words(en="⚠️ [{count} characters are not shown here]", ru="⚠️ [здесь не показано символов: {count}]")
ERRAND = Words(en="Errand {id}, {title}:", ru="Поручение {id}, {title}:")
TRIGGER = Words(en="“{title}”:", ru="«{title}»:")
TOOL = Words(en="⚙️ {name}", ru="⚙️ {name}")
ASK_STRANGER = Words(
    en="👋 {who} has written to me:\n{text}\n\n{about}Shall I talk with them? 👍 yes, 👎 no (or reply: yes / no).",
    ru="👋 Мне пишет {who}:\n{text}\n\n{about}Отвечать? 👍 да, 👎 нет (или ответом: да / нет).",
)
GRANTED = Words(en="👍 Allowed.", ru="👍 Разрешено.")
GRANTED_FOR_ERRAND = Words(en="👍 Allowed for this errand.", ru="👍 Разрешено для этого поручения.")
DENIED = Words(en="👎 Not allowed.", ru="👎 Не разрешено.")
EXPIRED = Words(
    en="⌛ There was no answer in time, so this stays undone: {what}",
    ru="⌛ Ответа вовремя не было, это не сделано: {what}",
)
STRANGER_WELCOME = Words(en="👍 I talk with {who}.", ru="👍 Общаюсь с {who}.")
STRANGER_BANNED = Words(
    en="🚫 You have banned {who} since I asked, so I do not answer them. To change that, tell me to lift the ban.",
    ru="🚫 С тех пор как я спросил, вы заблокировали этого человека ({who}), поэтому не отвечаю. Если нужно иначе, скажите снять блокировку.",
)
STRANGER_NOT_LET_IN = Words(
    en="👍 Noted, but EXTERNAL_POLICY={policy} does not let {who} in, so I do not answer them yet. Change it in .env and restart me.",
    ru="👍 Запомнил, но EXTERNAL_POLICY={policy} не пускает этого человека ({who}), поэтому пока не отвечаю. Измените её в .env и перезапустите меня.",
)
STRANGER_REFUSED = Words(en="👎 I do not answer {who}.", ru="👎 Не отвечаю: {who}.")

BECAUSE_POWER = Words(
    en="words of other people are in this conversation, and this can do anything on the server",
    ru="в этом разговоре есть слова других людей, а это действие может сделать на сервере что угодно",
)
BECAUSE_ELSEWHERE = Words(
    en="it goes to somebody who has no part in this errand", ru="это уходит человеку, который не участвует в поручении"
)
BECAUSE_OUTSIDE = Words(
    en="words from outside have started this, and it has effects beyond telling you",
    ru="это начали слова извне, а действие не ограничивается рассказом вам",
)
BECAUSE_READ = Words(
    en="other people's messages were read for this, and it has effects beyond telling you",
    ru="для этого читались сообщения других людей, а действие не ограничивается рассказом вам",
)
BECAUSE_PRIVATE = Words(
    en="this conversation has seen other people's words and read something private ({what}), and this leaves the house",
    ru="в этом разговоре есть чужие слова и прочитано личное ({what}), а это сообщение уходит наружу",
)
BECAUSE_OTHERS = Words(
    en="it concerns more than this errand, and other people's words are in this conversation",
    ru="это касается не только поручения, а в разговоре есть слова других людей",
)
BECAUSE_BROWSER = Words(
    en="words of other people are in this conversation, and a web site sees what is done in your browser, with your logins",
    ru="в этом разговоре есть слова других людей, а сайт видит, что делается в вашем браузере, где вы вошли в свои аккаунты",
)
BECAUSE_ALL = Words(en="you asked to be asked about everything", ru="вы просили спрашивать обо всём")
