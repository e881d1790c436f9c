"""What the assistant's program itself says in the chat."""

from jobs.core.i18n import Words

STARTED_AFRESH = Words(
    en="I could not reopen our earlier conversation, so I am starting a fresh one; your message is not lost.",
    ru="Не удалось открыть наш прежний разговор, начинаю новый; ваше сообщение не потерялось.",
)
STOPPED = Words(en="⏹ Stopped: {what}", ru="⏹ Остановлено: {what}")
COMES_NEXT = Words(
    en="⏰ What has come due by itself comes next: {what}. Another /stop stops what runs then.",
    ru="⏰ На очереди то, чему подошло время: {what}. Ещё один /stop остановит то, что начнётся.",
)
NOTHING_TO_STOP = Words(
    en="There is nothing to stop: I am not working on anything.", ru="Останавливать нечего: я сейчас ничего не делаю."
)
STOPPED_UNWRITTEN = Words(
    en="⏹ I have stopped. I cannot write that down on my disk yet; as soon as I can, I tell you what I stopped.",
    ru="⏹ Остановился. Записать это на диск пока не могу; как только смогу, скажу, что именно остановлено.",
)
CLEARED = Words(
    en="🧹 A fresh conversation. What we said before stays in this chat, but I no longer have it in mind.",
    ru="🧹 Новый разговор. Сказанное раньше остаётся в чате, но я его больше не держу в голове.",
)
BROKEN = Words(
    en="⚠️ Something in me broke on this message, and it is in my log. Try it in other words.",
    ru="⚠️ На этом сообщении во мне что-то сломалось, подробности в журнале. Попробуйте другими словами.",
)
BROKEN_SESSION = Words(
    en="⚠️ Something in me keeps breaking ({whose}); it is in my log. I go on trying, ever more seldom.",
    ru="⚠️ Во мне что-то раз за разом ломается ({whose}), подробности в журнале. Продолжаю пробовать, всё реже.",
)
DONE = Words(en="✅ Done.", ru="✅ Готово.")
A_PICTURE = Words(en="a picture", ru="картинка")

HELP = Words(
    en="""Write to me as to a very capable friend: I run commands, read and write files, search the web, settle things with other people and remember our conversation. Send several messages at once if you like; what you add while I work joins in.

Say when, and I remind you or do it then (“remind me at six to call mum”, “every weekday at nine sum up my notes”). Name a channel or a group, and I follow it for you (“tell me when @city_news writes of cyclists”).

/stop – stop what I am doing
/clear – begin a fresh conversation
/tasks – what is ahead: errands, plans, what I follow
/usage – what my thinking has cost
/update – install the newest version of me, if you agree
/secret – give a server a password or key that I do not get to see
/help – this page""",
    ru="""Пишите мне как очень толковому другу: я выполняю команды, читаю и пишу файлы, ищу в интернете, договариваюсь с другими людьми и помню наш разговор. Можно присылать несколько сообщений подряд: то, что вы добавите по ходу дела, я учту.

Скажите когда, и я напомню или сделаю в срок («напомни в шесть позвонить маме», «по будням в девять – сводка по заметкам»). Назовите канал или группу, и я буду за ними следить («скажи, когда @city_news напишет о велосипедистах»).

/stop – остановить то, что я делаю
/clear – начать новый разговор
/tasks – что впереди: поручения, планы, за чем слежу
/usage – во что обошлись мои размышления
/update – установить самую новую мою версию, если вы не против
/secret – дать серверу пароль или ключ, которого я не увижу
/help – эта справка""",
)

USAGE_TITLE = Words(en="**What my thinking has cost**", ru="**Во что обошлись мои размышления**")
USAGE_TODAY = Words(en="Today", ru="Сегодня")
USAGE_DAYS = Words(en="{days} days", ru="{days} дней")
USAGE_LINE = Words(
    en="**{period}**: {turns} turns, {cost}\n{input} tokens in, {output} out, {cached} from cache",
    ru="**{period}**: ходов {turns}, {cost}\nтокенов на входе {input}, на выходе {output}, из кэша {cached}",
)
USAGE_WINDOW = Words(en="Plan, {window}: {percent} % used", ru="Тариф, {window}: использовано {percent} %")
USAGE_FIVE_HOURS = Words(en="5 hours", ru="5 часов")
USAGE_SEVEN_DAYS = Words(en="7 days", ru="7 дней")

UNDELIVERED = Words(
    en="⚠️ My message to {whom} could not be delivered: {reason} I kept it; here is its text:\n\n{text}",
    ru="⚠️ Моё сообщение для {whom} не доставлено: {reason} Я его сохранил, вот текст:\n\n{text}",
)
REFUSED_BY_TELEGRAM = Words(
    en="⚠️ Telegram refused a message of mine to you ({code}), so it is missing here. I kept it; ask me to say it again in other words.",
    ru="⚠️ Telegram не принял моё сообщение для вас ({code}), поэтому здесь его нет. Я его сохранил; попросите сказать то же другими словами.",
)
FILE_GONE = Words(
    en="⚠️ I could not send you {name}: the file is not there any more, or may not be read. Ask me to get it once more.",
    ru="⚠️ Не удалось отправить вам {name}: файла больше нет или его нельзя прочитать. Попросите достать его ещё раз.",
)
REFUSALS = {
    "privacy": Words(
        en="they do not accept messages from this account.", ru="этот человек не принимает сообщения от этого аккаунта."
    ),
    "gone": Words(en="the account or chat no longer exists.", ru="такого аккаунта или чата больше нет."),
    "file": Words(en="the file is not there any more.", ru="этого файла больше нет."),
    "source": Words(en="the message to forward is gone.", ru="пересылаемого сообщения больше нет."),
    "unknown": Words(
        en="Telegram does not know this recipient any more.", ru="Telegram больше не знает такого получателя."
    ),
    "forbidden": Words(en="writing there is not allowed.", ru="писать туда нельзя."),
    "spam": Words(
        en="Telegram has limited this account for writing to strangers; look at @SpamBot.",
        ru="Telegram ограничил этому аккаунту сообщения незнакомым людям; посмотрите @SpamBot.",
    ),
    "banned": Words(en="you have banned them.", ru="вы заблокировали этого человека."),
    "other": Words(en="Telegram refused it ({code}).", ru="Telegram отказал ({code})."),
}

DISK_REFUSES = Words(
    en="⚠️ I cannot write to my own disk: it is full, or something holds my database. Make room (jobs doctor tells more); I go on by myself, and nothing is lost.",
    ru="⚠️ Не могу писать на свой диск: он полон, или кто-то держит мою базу данных. Освободите место (подробности покажет jobs doctor); я продолжу сам, ничего не потеряется.",
)
ALARMS = (DISK_REFUSES, STOPPED_UNWRITTEN)
"""What is said past the outbox: nothing but its text shows that it is ours."""


def is_alarm(text: str) -> bool:
    """Whether a message with this text is one of the program's own alarms."""
    return any(text in (alarm.en, alarm.ru) for alarm in ALARMS)


KEY_REFUSED = Words(
    en="🔑 Claude refused my key, so I cannot think. Put a valid key into .env (jobs setup does it) and restart me; your message waits.",
    ru="🔑 Claude не принял мой ключ, поэтому думать не получается. Впишите рабочий ключ в .env (это делает jobs setup) и перезапустите меня; сообщение подождёт.",
)
FORBIDDEN = Words(
    en="🔑 Claude does not let this key use the model {model}. Choose another model or key in .env and restart me; your message waits.",
    ru="🔑 Этому ключу Claude не разрешает модель {model}. Укажите в .env другую модель или ключ и перезапустите меня; сообщение подождёт.",
)
OUT_OF_CREDIT = Words(
    en="💳 The Claude account is out of credit. Top it up in Claude's console; I try again by myself every hour, and your message waits.",
    ru="💳 На счёте Claude кончились деньги. Пополните его в консоли Claude; я сам пробую каждый час, сообщение подождёт.",
)
RATE_LIMITED = Words(
    en="⏳ I have reached Claude's limit. I will answer by myself after {time}; your message waits.",
    ru="⏳ Достигнут лимит Claude. Отвечу сам после {time}; сообщение подождёт.",
)
OVERLOADED = Words(
    en="⏳ Claude is overloaded right now. I keep trying and will answer as soon as it recovers.",
    ru="⏳ Claude сейчас перегружен. Я пробую снова и отвечу, как только он оживёт.",
)
NO_NETWORK = Words(
    en="📡 I cannot reach Claude (no network, or a proxy in the way). I keep trying; your message waits.",
    ru="📡 Не получается связаться с Claude (нет сети или мешает прокси). Пробую снова; сообщение подождёт.",
)
TIMED_OUT = Words(
    en="⌛ Claude gave no sign of life for {minutes}, so I interrupted it. Write “go on” to try again.",
    ru="⌛ Claude не подавал признаков жизни {minutes}, и я его прервал. Напишите «продолжай», чтобы попробовать снова.",
)
HUNG = Words(
    en="⌛ Claude gave no sign of life. I try again at {time}.",
    ru="⌛ Claude не подаёт признаков жизни. Попробую снова в {time}.",
)
HUNG_FOR_GOOD = Words(
    en="⌛ Claude gave no sign of life again and again, so I have stopped trying. Tell me how to go on.",
    ru="⌛ Claude раз за разом не подаёт признаков жизни, больше я не пробую. Скажите, как быть.",
)
TOO_LONG = Words(
    en="📚 Our conversation no longer fits into Claude's memory. Write /clear to begin afresh, then ask again.",
    ru="📚 Наш разговор больше не помещается в память Claude. Напишите /clear, чтобы начать заново, и спросите ещё раз.",
)
CRASHED = Words(
    en="⚠️ Claude's program keeps ending while I work on this, so I set it aside. Ask again in other words, or run jobs doctor.",
    ru="⚠️ Программа Claude раз за разом завершается на этом запросе, и я его отложил. Попробуйте спросить иначе или запустите jobs doctor.",
)
UNAVAILABLE = Words(
    en="⚠️ Claude's program does not start here. I keep trying; run jobs doctor to see why. Your message waits.",
    ru="⚠️ Программа Claude здесь не запускается. Пробую снова; причину покажет jobs doctor. Сообщение подождёт.",
)
REFUSED = Words(
    en="⚠️ Claude did not take this request ({detail}). Nothing is lost; ask again in other words.",
    ru="⚠️ Claude не принял этот запрос ({detail}). Ничего не потеряно; попробуйте спросить иначе.",
)
SECONDS = Words(en="{count} s", ru="{count} с")
MINUTES = Words(en="{count} min", ru="{count} мин")

TOOL_BASH = Words(en="💻 running: {detail}", ru="💻 выполняю: {detail}")
TOOL_READ = Words(en="📖 reading {detail}", ru="📖 читаю {detail}")
TOOL_WRITE = Words(en="✍️ writing {detail}", ru="✍️ пишу {detail}")
TOOL_WEB = Words(en="🌐 on the web: {detail}", ru="🌐 в интернете: {detail}")
TOOL_BROWSER = Words(en="🌐 in the browser: {detail}", ru="🌐 в браузере: {detail}")
TOOL_AGENT = Words(en="🧩 working on a part: {detail}", ru="🧩 занимаюсь частью задачи: {detail}")
TOOL_SKILL = Words(en="📚 looking up how: {detail}", ru="📚 смотрю, как это делается: {detail}")
TOOL_PLAN = Words(en="📝 making a plan", ru="📝 составляю план")
TOOL_FIND = Words(en="🧰 looking for the right tool", ru="🧰 ищу подходящий инструмент")
TOOL_OTHER = Words(en="🔧 using {detail}", ru="🔧 использую {detail}")
