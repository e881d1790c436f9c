"""What the program says when something happens by itself."""

from jobs.core.i18n import Words

NOT_DONE = Words(en="⚠️ “{who}” did not come off: {why}", ru="⚠️ «{who}» не получилось: {why}")
PUT_OFF = {
    "unavailable": Words(
        en="⏳ Claude does not answer just now. What has come due waits, and I make up for it as soon as it can be done: “{who}” and whatever else comes due until then. There is nothing for you to do.",
        ru="⏳ Claude сейчас не отвечает. Всё, чему подошло время, подождёт, и я наверстаю это, как только получится: «{who}» и то, что ещё подойдёт. Делать ничего не нужно.",
    ),
    "rate_limited": Words(
        en="⏳ I have reached Claude's limit. What has come due waits, and I make up for it after {time}: “{who}” and whatever else comes due until then. There is nothing for you to do.",
        ru="⏳ Достигнут лимит Claude. Всё, чему подошло время, подождёт, и я наверстаю это после {time}: «{who}» и то, что ещё подойдёт. Делать ничего не нужно.",
    ),
    "no_network": Words(
        en="📡 I cannot reach Claude (no network, or a proxy in the way). What has come due waits, and I make up for it as soon as I can: “{who}” and whatever else comes due until then.",
        ru="📡 Не получается связаться с Claude (нет сети или мешает прокси). Всё, чему подошло время, подождёт, и я наверстаю это, как только смогу: «{who}» и то, что ещё подойдёт.",
    ),
    "out_of_credit": Words(
        en="💳 The Claude account is out of credit. Top it up in Claude's console; I try again by myself every hour. What has come due waits: “{who}” and whatever else comes due until then.",
        ru="💳 На счёте Claude кончились деньги. Пополните его в консоли Claude; я сам пробую каждый час. Всё, чему подошло время, подождёт: «{who}» и то, что ещё подойдёт.",
    ),
    "key_refused": Words(
        en="🔑 Claude refused my key, so I cannot think. Put a valid key into .env (jobs setup does it) and restart me. What has come due waits until then: “{who}” and whatever else comes due.",
        ru="🔑 Claude не принял мой ключ, поэтому думать не получается. Впишите рабочий ключ в .env (это делает jobs setup) и перезапустите меня. Всё, чему подошло время, до тех пор подождёт: «{who}» и то, что ещё подойдёт.",
    ),
    "forbidden": Words(
        en="🔑 Claude does not let this key use the model {model}. Choose another model or key in .env and restart me. What has come due waits until then: “{who}” and whatever else comes due.",
        ru="🔑 Этому ключу Claude не разрешает модель {model}. Укажите в .env другую модель или ключ и перезапустите меня. Всё, чему подошло время, до тех пор подождёт: «{who}» и то, что ещё подойдёт.",
    ),
}
"""What waits because of a failure, by its reason; “unavailable” stands for the others that pass by themselves."""
LATE_REMINDER = Words(
    en="(⏰ This was due on {time}; I was off then.)", ru="(⏰ Это надо было сказать {time}, но я не работал.)"
)
LATE_RUN = Words(
    en="⏰ “{title}” was due on {time}, while I was off. I do it now.",
    ru="⏰ «{title}» надо было сделать {time}, но я не работал. Делаю сейчас.",
)
MISSED = Words(
    en="⏰ {count} missed while I was off: {which}. {ahead}; to make up for one, tell me.",
    ru="⏰ Пока я не работал, пропущено: {count} – {which}. {ahead}; если что-то нужно наверстать, скажите.",
)
ALL_GO_ON = Words(en="They go on as planned", ru="Дальше всё по плану")
SOME_GO_ON = Words(en="What is not over goes on as planned", ru="Что не закончилось, идёт дальше по плану")
NONE_GOES_ON = Words(en="No run is planned any more", ru="Больше ничего из этого не запланировано")
MISSED_LAST = Words(en="“{title}” ({count}; it is over)", ru="«{title}» ({count}; срок вышел)")
MISSED_ONE = Words(en="“{title}” ({count})", ru="«{title}» ({count})")
MISSED_MORE = Words(en="and {count} more", ru="и ещё {count}")
SOURCE_BROKEN = Words(
    en="⚠️ Something that should wake me does not work: {source}. What depends on it waits. I keep trying; the log says more.",
    ru="⚠️ Не работает то, что должно меня будить: {source}. Всё, что от этого зависит, ждёт. Пробую дальше; подробности в журнале.",
)
SOURCES = {
    "scheduler": Words(en="schedules", ru="расписания"),
    "heartbeat": Words(en="the regular look at what is open", ru="проверка дел"),
    "tg_channel": Words(en="channels", ru="каналы"),
    "webhook": Words(en="web hooks", ru="веб-хуки"),
}
"""What a person calls a source."""
PORT_TAKEN = Words(
    en="⚠️ Web hooks do not work: another program has taken the port {port}. End that one, or set another WEBHOOK_PORT and restart me. I keep trying.",
    ru="⚠️ Веб-хуки не работают: порт {port} занят другой программой. Завершите её или задайте другой WEBHOOK_PORT и перезапустите меня. Пробую дальше.",
)
LEFT_OUT = Words(
    en="📰 While I was off, more was posted in “{title}” than I catch up with. I look at the newest {kept} posts; {count} older ones are left out.",
    ru="📰 Пока я не работал, в «{title}» написали больше, чем я навёрстываю. Смотрю последние публикации ({kept}), более ранние ({count}) пропускаю.",
)
NOT_READ = Words(
    en="📰 While I was off, more was posted in “{title}” than I catch up with. In the newest {count} messages there was nothing for you; what came before them I have not read.",
    ru="📰 Пока я не работал, в «{title}» написали больше, чем я навёрстываю. В последних сообщениях ({count}) для вас ничего не было; что было раньше, я не читал.",
)
CHANNEL_LOST = Words(
    en="⚠️ I cannot read “{title}” any more: it was closed or deleted, or this account was shut out. What you follow there is paused ({which}). If I get in again, tell me to go on; otherwise tell me to end it.",
    ru="⚠️ Больше не могу читать «{title}»: чат закрыт или удалён, либо этот аккаунт туда больше не пускают. Слежение за ним на паузе ({which}). Если доступ вернётся, скажите «продолжай»; если не нужно – «отпишись».",
)
WEBHOOK_READY = Words(
    en="🪝 The web hook “{title}” is ready. Programs call it by POST {address} (through your reverse proxy), with the header\n"
    "Authorization: Bearer {secret}\nKeep that to yourself; I do not know it.",
    ru="🪝 Веб-хук «{title}» готов. Программы вызывают его запросом POST {address} (через ваш обратный прокси) с заголовком\n"
    "Authorization: Bearer {secret}\nНикому его не показывайте; сам я его не знаю.",
)
AHEAD_TITLE = Words(en="**Planned**", ru="**По времени**")
AHEAD_ONCE = Words(en="**{id}** {title}: {time}", ru="**{id}** {title}: {time}")
AHEAD_AGAIN = Words(
    en="**{id}** {title}: again and again, next {time}", ru="**{id}** {title}: повторяется, ближайшее {time}"
)
FOLLOWED_TITLE = Words(en="**Followed**", ru="**Слежу**")
FOLLOWED = Words(en="**{id}** {title}", ru="**{id}** {title}")
FOLLOWED_PAUSED = Words(en="**{id}** {title} (paused)", ru="**{id}** {title} (на паузе)")
AND_MORE = Words(en="…and {count} more", ru="…и ещё {count}")
