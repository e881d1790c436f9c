"""What is posted in followed channels and groups is seen to once, and costs nothing where it is not meant."""

from __future__ import annotations

import re

from following import editor, following, runs, subscription_id

from jobs.sandbox.stage import Stage
from roles import requests_of


async def test_a_new_post_starts_a_run_of_its_own_and_the_owner_hears_what_came_of_it(stage: Stage) -> None:
    following(stage)
    author = editor(stage)
    news = stage.world.add_channel("News", author, stage.assistant, username="the_news")
    stage.world.send_text(author, news, "from before")
    await stage.start()
    owner = await stage.person()
    told = await owner.ask("follow it", "⇒ Subscribed: ")
    assert "News</title" in told.text
    assert ">, posts of @the_news, session isolated. New posts are noticed within seconds." in told.text
    post = stage.world.send_text(author, news, "The bridge is open")
    await owner.wait_for_text("New: The bridge is open")
    await stage.nothing_waits()
    [request] = requests_of(stage, "trigger")
    assert "Tell me what is new" in request.prompt
    assert f"https://t.me/the_news/{post.ids[news.peer]}" in request.prompt
    assert "from before" not in request.prompt
    assert stage.rows("SELECT source, about FROM trigger_events") == [("tg_channel", subscription_id(stage))]


async def test_what_does_not_pass_the_filter_costs_nothing_and_what_does_is_seen_to(stage: Stage) -> None:
    wanted = {"words": ["квартир"], "without": ["реклама"], "regex": r"\b[1-4]?\d ?000\b"}
    following(stage, filter=wanted)
    author = editor(stage)
    news = stage.world.add_channel("News", author, stage.assistant)
    await stage.start()
    owner = await stage.person()
    told = await owner.ask("follow it", "⇒ Subscribed: ")
    assert "with “квартир”, without “реклама”, matching" in told.text
    for text in ("Погода", "Реклама: квартира 40 000", "Квартира, 90 000", "Сдам КВАРТИРУ, 45 000"):
        stage.world.send_text(author, news, text)
    await owner.wait_for_text("New: Сдам КВАРТИРУ, 45 000")
    await stage.nothing_waits()
    assert runs(stage) == [["Сдам КВАРТИРУ, 45 000"]]
    [(position,)] = stage.rows("SELECT position FROM trigger_subscriptions")
    assert int(position) == news.mailbox.next_id - 1


async def test_what_was_posted_while_the_program_was_off_is_seen_to_in_its_order_and_once(stage: Stage) -> None:
    following(stage)
    author = editor(stage)
    news = stage.world.add_channel("News", author, stage.assistant)
    first = await stage.start()
    owner = await stage.person()
    await owner.ask("follow it", "⇒ Subscribed: ")
    stage.world.send_text(author, news, "seen")
    await owner.wait_for_text("New: seen")
    await stage.nothing_waits()
    await first.kill()
    for number in range(30):
        stage.world.send_text(author, news, f"missed {number}")
    await stage.start()
    await owner.wait_for(lambda seen: any("missed 29" in one.text for one in seen))
    stage.world.send_text(author, news, "live again")
    await owner.wait_for_text("live again")
    await stage.nothing_waits()
    heard = [post for run in runs(stage) for post in run]
    assert heard == ["seen", *(f"missed {number}" for number in range(30)), "live again"]


async def test_of_very_much_that_was_missed_the_newest_is_seen_to_and_the_owner_is_told_what_was_not(
    stage: Stage,
) -> None:
    following(stage)
    author = editor(stage)
    news = stage.world.add_channel("News", author, stage.assistant)
    first = await stage.start()
    owner = await stage.person()
    await owner.ask("follow it", "⇒ Subscribed: ")
    await stage.nothing_waits()
    await first.kill()
    for number in range(130):
        stage.world.send_text(author, news, f"missed {number}.")
    await stage.start()
    await owner.wait_for(lambda seen: any("missed 129." in one.text for one in seen))
    await stage.nothing_waits()
    heard = [post for run in runs(stage) for post in run]
    assert heard == [f"missed {number}." for number in range(30, 130)]
    told = [text for text in owner.texts if "more was posted in “News” than I catch up with" in text]
    assert len(told) == 1
    assert "the newest 100 posts; 30 older ones are left out" in told[0]


async def test_an_album_is_one_post_and_edits_and_deletions_are_none(stage: Stage) -> None:
    following(stage)
    author = editor(stage)
    news = stage.world.add_channel("News", author, stage.assistant)
    await stage.start()
    owner = await stage.person()
    await owner.ask("follow it", "⇒ Subscribed: ")
    album = stage.world.send_album(author, news, "Three rooms", "", "and a kitchen")
    await owner.wait_for_text("New: Three rooms\nand a kitchen")
    stage.world.edit_text(album[0], "Four rooms")
    stage.world.delete(album[1])
    later = stage.world.send_text(author, news, "later")
    await owner.wait_for_text("New: later")
    stage.world.edit_text(later, "later, edited")
    stage.world.send_text(author, news, "last")
    await owner.wait_for_text("New: last")
    await stage.nothing_waits()
    assert runs(stage) == [["Three rooms\nand a kitchen"], ["later"], ["last"]]
    assert "3 × photo" in requests_of(stage, "trigger")[0].prompt


async def test_a_subscription_is_listed_paused_resumed_and_ended(stage: Stage) -> None:
    following(stage)
    author = editor(stage)
    news = stage.world.add_channel("News", author, stage.assistant)
    await stage.start()
    owner = await stage.person()
    await owner.ask("follow it", "⇒ Subscribed: ")
    await owner.ask("follow it", "⇒ That is subscribed to already")
    listed = await owner.ask("what do I follow", "⇒ - ")
    assert "active; Tell me what is new" in listed.text
    await owner.ask("pause that one", "is paused; resume_trigger goes on")
    stage.world.send_text(author, news, "not heard")
    await owner.ask("resume that one", "goes on from now")
    stage.world.send_text(author, news, "heard")
    await owner.wait_for_text("New: heard")
    await owner.ask("end that one", "is ended")
    stage.world.send_text(author, news, "too late")
    await owner.ask("what do I follow", "⇒ Nothing is subscribed to.")
    await stage.nothing_waits()
    assert runs(stage) == [["heard"]]


async def test_a_chat_that_shuts_the_account_out_is_told_of_once_and_paused_and_goes_on_when_it_is_in_again(
    stage: Stage,
) -> None:
    following(stage, source="Club")
    author = editor(stage)
    club = stage.world.add_channel("Club", author, stage.assistant, megagroup=True)
    first = await stage.start()
    owner = await stage.person()
    await owner.ask("follow it", "⇒ Subscribed: ")
    stage.world.ban(stage.assistant, club)
    told = await owner.wait_for_text("I cannot read “Club” any more")
    assert subscription_id(stage) in told.text
    await owner.ask("resume that one", "⇒ That channel or group cannot be found any more")
    await stage.nothing_waits()
    await first.kill()
    await stage.start()
    await owner.ask("what do I follow", "paused (CHANNEL_PRIVATE)")
    club.banned.clear()
    stage.world.join(stage.assistant, club)
    await owner.ask("resume that one", "goes on from now")
    stage.world.send_text(author, club, "welcome back")
    await owner.wait_for_text("New: Editor: welcome back")
    await stage.nothing_waits()
    assert sum("I cannot read “Club”" in text for text in owner.texts) == 1


async def test_a_title_that_several_chats_have_is_asked_about_and_an_invite_is_not_followed_by_itself(
    stage: Stage,
) -> None:
    author = editor(stage)
    first, second = (stage.world.add_channel("Flats", author, stage.assistant) for _ in range(2))
    closed = stage.world.add_channel("Closed", author)
    following(stage, source="flats")
    await stage.start()
    owner = await stage.person()
    told = await owner.ask("follow it", "⇒ Several chats may be meant by 'flats'")
    assert str(first.peer) in told.text
    assert str(second.peer) in told.text
    following(stage, source=f"https://t.me/+{closed.invite_hash}")
    told = await owner.ask("follow it", "⇒ The link leads to")
    assert re.search(r"<title \w+>Closed</title \w+>, and this account is not in it", told.text)
    assert stage.assistant.id not in closed.members
    assert stage.rows("SELECT count(*) FROM trigger_subscriptions") == [(0,)]


async def test_a_group_can_be_followed_in_the_owners_own_conversation(stage: Stage) -> None:
    following(stage, source="Trip", session="owner")
    author = editor(stage)
    trip = stage.world.add_group("Trip", author, stage.assistant)
    await stage.start()
    owner = await stage.person()
    await owner.ask("follow it", "⇒ Subscribed: ")
    stage.world.send_text(author, trip, "the train is at nine")
    await owner.wait_for_text("New: Editor: the train is at nine")
    await stage.nothing_waits()
    assert requests_of(stage, "trigger") == []
    assert any("follow it" in text for text in requests_of(stage, "owner")[-1].all_texts)


async def test_what_was_posted_while_the_connection_was_gone_is_seen_to_as_soon_as_it_is_back(stage: Stage) -> None:
    following(stage)
    author = editor(stage)
    news = stage.world.add_channel("News", author, stage.assistant)
    stage.world.settings.channel_difference_too_long = 1  # more than one, and Telegram does not tell which
    await stage.start()
    owner = await stage.person()
    await owner.ask("follow it", "⇒ Subscribed: ")
    await stage.telegram.pause()
    for number in range(3):
        stage.world.send_text(author, news, f"missed {number}")
    await stage.telegram.resume()
    await owner.wait_for_text("New: missed 0 | missed 1 | missed 2")
