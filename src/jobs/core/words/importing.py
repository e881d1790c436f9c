"""What `jobs import` says: what it took from another assistant's workspace, and what it left."""

from jobs.core.i18n import Words

HELP = Words(
    en="bring the memory of another assistant along",
    ru="перенести память другого помощника",
)
HELP_KIND = Words(en="whose workspace it is: openclaw or nanobot", ru="чья это рабочая папка: openclaw или nanobot")
HELP_PATH = Words(en="the folder, often ~/.openclaw/workspace", ru="папка, обычно ~/.openclaw/workspace")
HELP_DRY_RUN = Words(
    en="show what would be taken, and write nothing", ru="показать, что перенесётся, и ничего не писать"
)

NOTHING_THERE = Words(
    en="{path} is no such workspace: none of {names} stands there. Give the folder in which they are.",
    ru="{path} не похожа на такую рабочую папку: в ней нет ничего из {names}. Укажите папку, где они лежат.",
)
NO_FOLDER = Words(en="{path} is no folder that can be read.", ru="{path} — не папка, которую можно прочитать.")
OUR_OWN = Words(
    en="{path} is the workspace of Jobs itself: there is nothing to bring along.",
    ru="{path} — рабочая папка самого Jobs: переносить нечего.",
)
FROM_TO = Words(en="From {source} to {target}:", ru="Из {source} в {target}:")
TAKEN = Words(en="✓ {source} → {target}", ru="✓ {source} → {target}")
ADDED = Words(en="✓ {source} → {target}, new there: {count}", ru="✓ {source} → {target}, нового: {count}")
THERE = Words(en="· {source}: all of it is in {target} already", ru="· {source}: всё это уже есть в {target}")
LEFT = Words(en="– {source}: left where it is ({reason})", ru="– {source}: оставлено ({reason})")
AND_MORE = Words(en="– and {count} more", ru="– и ещё {count}")
WRITTEN_NOTHING = Words(
    en="Nothing was written: this is what would be done. Run it without --dry-run to do it.",
    ru="Ничего не записано: так было бы сделано. Запустите без --dry-run, чтобы сделать.",
)
DONE = Words(
    en="Nothing that stood in {target} was overwritten. Running it again takes nothing twice.",
    ru="Ничего из того, что было в {target}, не перезаписано. Повторный запуск ничего не задвоит.",
)
FAILED = Words(
    en="Some of it could not be written: see above, mend it and run this again.",
    ru="Часть не удалось записать: см. выше, исправьте и запустите ещё раз.",
)
ABOUT_SOUL = Words(
    en="How the other assistant was to behave is a note now ({target}), and nobody follows it by itself: tell Jobs what of it shall hold.",
    ru="То, как должен был вести себя другой помощник, теперь заметка ({target}), сама по себе она не действует: скажите Jobs, что из неё оставить.",
)
ABOUT_SKILLS = Words(
    en="Skills can make the assistant run programs: look into them before you use them.",
    ru="По навыкам помощник может запускать программы: просмотрите их, прежде чем пользоваться.",
)
OWNER_SECTION = Words(en="About the owner", ru="О владельце")

NO_MARKDOWN = Words(en="it is no Markdown", ru="это не Markdown")
HIDDEN = Words(en="it is hidden", ru="скрытое")
OF_THE_OTHER = Words(en="Jobs has no place for it", ru="у Jobs нет для этого места")
NOTHING_SAID = Words(en="there is nothing in it", ru="там ничего нет")
LINK = Words(en="it is a symbolic link", ru="это символическая ссылка")
SKILL_NAME = Words(
    en="a skill is named by small Latin letters, digits and hyphens",
    ru="навык зовут строчными латинскими буквами, цифрами и дефисами",
)
SKILL_UNNAMED = Words(
    en="its SKILL.md does not begin with a name and a description",
    ru="её SKILL.md не начинается с имени и описания",
)
SKILL_TAKEN = Words(en="there is another skill of that name", ru="навык с таким именем уже есть, и он другой")
SKILL_LARGE = Words(
    en="it is larger than {megabytes} MB or {files} files", ru="она больше {megabytes} МБ или {files} файлов"
)
