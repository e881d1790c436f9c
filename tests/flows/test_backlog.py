"""What has piled up is taken in together."""

from jobs.sandbox.stage import Stage


async def test_messages_that_waited_for_the_start_are_answered_in_one_turn(stage: Stage) -> None:
    for number in range(5):
        stage.world.send_text(stage.owner, stage.assistant, f"message {number}")
    await stage.start()
    owner = await stage.person()
    await owner.ask("and one more", "Fine.")
    heard = [[text for text in request.texts if text.startswith("message")] for request in stage.claude.requests.model]
    assert heard[0] == [f"message {number}" for number in range(5)]
