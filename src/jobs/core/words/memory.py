"""Notes: what is wrong with one, and the question before something is forgotten."""

from jobs.core.i18n import Words

OUTSIDE = Words(
    en="notes are MEMORY.md and the .md files below memory/, named by their path from the working folder",
    ru="заметки — это MEMORY.md и файлы .md в memory/, и зовут их по пути от рабочей папки",
)
NAME_TOO_LONG = Words(en="its name is too long", ru="у неё слишком длинное имя")
MISSING = Words(en="there is no such file", ru="такого файла нет")
SYMLINK = Words(
    en="it is a symbolic link, or stands behind one, and links are not followed; put the file itself there",
    ru="это символическая ссылка или путь через неё, а по ссылкам не ходим; положите туда сам файл",
)
A_FOLDER = Words(en="it is a folder", ru="это папка")
NO_FILE = Words(en="it is no ordinary file", ru="это не обычный файл")
TOO_LARGE = Words(
    en="it is larger than {most} MB; split it into several files", ru="она больше {most} МБ; разделите её на части"
)
NOT_TEXT = Words(
    en="it is no UTF-8 text; save it as UTF-8 in your editor",
    ru="это не текст в UTF-8; сохраните её в редакторе как UTF-8",
)
READ_ONLY = Words(
    en="it is read-only; allow writing to it first", ru="она только для чтения; сначала разрешите запись в неё"
)
NO_RIGHTS = Words(
    en="the user who runs Jobs may not do that; mend the rights of the file and its folder",
    ru="у пользователя, от имени которого работает Jobs, нет прав; исправьте права файла и его папки",
)
DISK_FULL = Words(en="the disk is full; free some space", ru="диск заполнен; освободите место")
LOCKED = Words(
    en="another program has locked it; close it there and try again",
    ru="её заняла другая программа; закройте её там и повторите",
)
BUSY = Words(
    en="it is being changed all the time; try again in a moment", ru="она всё время меняется; повторите чуть позже"
)
REFUSED = Words(en="the system refuses ({reason})", ru="система отказывает ({reason})")

FORGET_WHY = Words(
    en="what is forgotten cannot be brought back: it goes from my notes, from what is kept for undoing and from the search index",
    ru="забытое не вернуть: оно уйдёт из заметок, из сохранённого для отмены и из поискового указателя",
)
FORGET_FROM_HISTORY = Words(en="kept for undoing", ru="сохранено для отмены")
FORGET_LINE = Words(en="{path}, line {line}:", ru="{path}, строка {line}:")
FORGET_NAME = Words(
    en="{path}: it is called so and goes; files in it that are no notes stay, in a folder of another name",
    ru="{path}: так называется, поэтому исчезнет; файлы в ней, которые не заметки, останутся в папке с другим именем",
)
INDEX_MADE_ANEW = Words(
    en="🧠 The file that I search your notes with was damaged. I have made it anew from the notes; nothing of them is lost, and there is nothing for you to do. If it happens again, check the disk.",
    ru="🧠 Файл, по которому я ищу в заметках, был повреждён. Я собрал его заново из самих заметок: ничего не пропало, делать ничего не нужно. Если повторится, проверьте диск.",
)
BY_WORDS_ALONE = Words(
    en="🧠 I find your notes by their words alone at present, not by their meaning, because texts cannot be compared. `jobs doctor` says why; I keep trying.",
    ru="🧠 Пока ищу в заметках только по словам, не по смыслу: сравнение текстов не работает. Почему, скажет `jobs doctor`; пробую дальше.",
)
