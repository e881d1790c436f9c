"""Everyday sentences of each language and kind. The mean of their vectors is what is taken from every other."""

from jobs.memory.embeddings import Kind

SENTENCES: dict[tuple[Kind, str], tuple[str, ...]] = {
    ("query", "en"): (
        "when is my appointment", "what did she say about the trip", "phone number of the office",
        "how much did it cost", "where did I put the documents", "who is coming on Saturday",
        "what is the plan for next week", "which book did he recommend", "what is the name of the restaurant",
        "how do I restart it", "what were the results", "did we agree on a price", "what size do I wear",
        "when does the contract end", "what should I buy", "why was the meeting moved",
    ),
    ("query", "ru"): (
        "когда у меня приём", "что она сказала о поездке", "телефон офиса", "сколько это стоило",
        "куда я положил документы", "кто придёт в субботу", "какой план на следующую неделю",
        "какую книгу он посоветовал", "как называется ресторан", "как его перезапустить", "какие были результаты",
        "договорились ли мы о цене", "какой у меня размер", "когда заканчивается договор", "что надо купить",
        "почему перенесли встречу",
    ),
    ("passage", "en"): (
        "The appointment is on Tuesday at nine in the morning.", "She said that the trip was long but worth it.",
        "Bought bread, milk and apples on the way home.", "The documents are in the second drawer of the desk.",
        "Friends are coming on Saturday, we should clean up before.", "Next week: finish the report, call the bank.",
        "He recommended a book about the history of the city.", "The restaurant near the station was good.",
        "To restart it, hold the button for ten seconds.", "The results came back and everything is fine.",
        "We agreed on the price and signed on the spot.", "Went for a walk in the evening, it rained a little.",
        "The contract runs until the end of the year.", "Prefers tea in the morning and coffee after lunch.",
        "The meeting was moved because half of the team is ill.", "Watched a film with the children, they liked it.",
    ),
    ("passage", "ru"): (
        "Приём во вторник в девять утра.", "Она сказала, что поездка была долгой, но стоила того.",
        "По дороге домой купил хлеб, молоко и яблоки.", "Документы лежат во втором ящике стола.",
        "В субботу придут друзья, надо прибраться.", "На следующей неделе: закончить отчёт, позвонить в банк.",
        "Он посоветовал книгу об истории города.", "Ресторан у вокзала оказался хорошим.",
        "Чтобы перезапустить, держать кнопку десять секунд.", "Пришли результаты, всё в порядке.",
        "Договорились о цене и сразу подписали.", "Вечером гуляли, шёл небольшой дождь.",
        "Договор действует до конца года.", "Утром любит чай, после обеда кофе.",
        "Встречу перенесли, потому что половина команды болеет.", "Смотрели с детьми фильм, им понравилось.",
    ),
}  # fmt: skip
