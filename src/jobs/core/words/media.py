"""What the program says about files and speech that come in."""

from jobs.core.i18n import Words
from jobs.core.messages import AttachmentKind, Trouble, Unheard

KINDS: dict[AttachmentKind, Words] = {
    "photo": Words(en="the photo", ru="фотография"),
    "voice": Words(en="the voice message", ru="голосовое сообщение"),
    "video_note": Words(en="the video message", ru="видеосообщение"),
    "video": Words(en="the video", ru="видео"),
    "audio": Words(en="the audio file", ru="аудиозапись"),
    "sticker": Words(en="the sticker", ru="стикер"),
    "animation": Words(en="the animation", ru="анимация"),
    "document": Words(en="the file", ru="файл"),
}
NOT_TAKEN: dict[Trouble, Words] = {
    "too_large": Words(
        en="📎 I could not take this in ({what}): I keep files of up to 50 MB. Send it in parts, or smaller.",
        ru="📎 Не смог взять ({what}): беру файлы до 50 МБ. Пришлите по частям или в меньшем размере.",
    ),
    "no_room": Words(
        en="📎 I could not take this in ({what}): my folder for files is full. Tell me what in uploads/ may go, or set UPLOADS_QUOTA_MB higher, and send it again.",
        ru="📎 Не смог взять ({what}): моя папка для файлов заполнена. Скажите, что можно удалить из uploads/, или увеличьте UPLOADS_QUOTA_MB и пришлите ещё раз.",
    ),
    "disk": Words(
        en="📎 I could not take this in ({what}): the disk is full or cannot be written. Make room (jobs doctor tells more), and send it again.",
        ru="📎 Не смог взять ({what}): диск полон или на него нельзя писать. Освободите место (подробности покажет jobs doctor) и пришлите ещё раз.",
    ),
    "gone": Words(
        en="📎 I could not get this from Telegram ({what}): it is gone, or it does not arrive. Send it again, please.",
        ru="📎 Не смог получить это из Telegram ({what}): удалено или не загружается. Пришлите ещё раз, пожалуйста.",
    ),
}
NOT_HEARD: dict[Unheard, Words] = {
    "no_key": Words(
        en="🎙 I cannot listen to this: hearing takes a key of OpenAI. Put OPENAI_API_KEY into .env and restart me, or write it, please.",
        ru="🎙 Не могу это прослушать: для слуха нужен ключ OpenAI. Впишите OPENAI_API_KEY в .env и перезапустите меня или напишите текстом.",
    ),
    "too_long": Words(
        en="🎙 This is too long for me to listen to at once: I can hear up to 25 MB. Send it in parts, please.",
        ru="🎙 Слишком длинно, чтобы прослушать за раз: слышу до 25 МБ. Пришлите по частям, пожалуйста.",
    ),
    "refused": Words(
        en="🎙 I could not listen to this: OpenAI did not take it. Check OPENAI_API_KEY and TRANSCRIPTION_MODEL, or write it, please.",
        ru="🎙 Не получилось прослушать: OpenAI это не принял. Проверьте OPENAI_API_KEY и TRANSCRIPTION_MODEL или напишите текстом.",
    ),
    "no_answer": Words(
        en="🎙 I could not listen to this: OpenAI does not answer. Send it again later, or write it, please.",
        ru="🎙 Не получилось прослушать: OpenAI не отвечает. Пришлите позже ещё раз или напишите текстом.",
    ),
    "silent": Words(
        en="🎙 I could not hear any words in this. Speak closer to the phone, or write it, please.",
        ru="🎙 Не расслышал здесь ни слова. Скажите ближе к телефону или напишите текстом.",
    ),
}
HEARD = Words(en="🎙 What I heard:", ru="🎙 Что я услышал:")
