"""What the program says when something happens by itself."""

from jobs.core.i18n import Words

NOT_DONE = Words(en="⚠️ “{who}” did not come off: {why}", ru="⚠️ «{who}» не получилось: {why}")
LATE_REMINDER = Words(
    en="(⏰ This was due on {time}; I was off then.)", ru="(⏰ Это надо было сказать {time}, но я не работал.)"
)
LATE_RUN = Words(
    en="⏰ “{title}” was due on {time}, while I was off. I do it now.",
    ru="⏰ «{title}» надо было сделать {time}, но я не работал. Делаю сейчас.",
)
MISSED = Words(
    en="⏰ {count} missed while I was off: {which}. They go on as planned; to make up for one, tell me.",
    ru="⏰ Пока я не работал, пропущено: {count} – {which}. Дальше всё по плану; если что-то нужно наверстать, скажите.",
)
MISSED_ONE = Words(en="“{title}” ({count})", ru="«{title}» ({count})")
MISSED_MORE = Words(en="and {count} more", ru="и ещё {count}")
SOURCE_BROKEN = Words(
    en="⚠️ Something that should wake me does not work: {source}. What depends on it waits. I keep trying; the log says more.",
    ru="⚠️ Не работает то, что должно меня будить: {source}. Всё, что от этого зависит, ждёт. Пробую дальше; подробности в журнале.",
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
