"""Words that stand everywhere and tell notes from each other nowhere; and the months."""

_WORDS = """
a an the and or but if of at by for with about against between into through during before after above below to
from up down in out on off over under again further then once here there when where why how all any both each
few more most other some such no nor not only own same so than too very can will just should now is am are was
were be been being have has had having do does did doing i me my mine we our ours you your yours he him his she
her hers it its they them their theirs what which who whom whose this that these those as until while would
could shall may might must let us s t d ll m re ve get got tell know please many much и в во не что он на я с со
как а то все она так его но да ты к у же вы за бы по ее её мне было вот от меня еще ещё нет о об из ему теперь
когда даже ну ли если уже или ни быть был него до вас нибудь опять уж вам ведь там потом себя ничего ей может
они тут где есть надо ней для мы тебя их чем была сам чтоб без будто чего раз тоже себе под будет ж тогда кто
этот того потому этого какой какая какие какое каком какого какую совсем ним здесь этом один почти мой мое моё
моя мои моего моей моих моему моим наш наша наше наши нашего нашей наших нам нас тем чтобы нее неё сейчас были
куда зачем всех никогда можно при об другой хоть после над больше тот через эти про всего них какими много разве
эту всю свой своя свое своё свои этой перед лучше чуть том такой им более всегда сколько это как-то мною
которого который которая которые котором скажи напомни расскажи знаешь пожалуйста
"""
STOP_WORDS = frozenset(_WORDS.split())

_NAMES = (
    "jan january января январь янв", "feb february февраля февраль фев", "mar march марта март мар",
    "apr april апреля апрель апр", "may мая май", "jun june июня июнь июн", "jul july июля июль июл",
    "aug august августа август авг", "sep sept september сентября сентябрь сен", "oct october октября октябрь окт",
    "nov november ноября ноябрь ноя", "dec december декабря декабрь дек",
)  # fmt: skip
MONTHS = {name: number for number, names in enumerate(_NAMES, 1) for name in names.split()}
"""By every name of theirs, in lower case."""
