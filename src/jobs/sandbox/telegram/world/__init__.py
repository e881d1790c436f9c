"""An in-memory Telegram: accounts, chats, messages, files and the updates between them.

`world` answers calls and is what tests hold; `state` and `model` are what exists; `context` gathers what one action
lets everybody hear. `posting` has the verbs (post, edit, delete, read) that log changes into mailboxes, `views` and
`peers` show things as one account sees them. Every other module answers the requests of its name.
"""

from jobs.sandbox.telegram.world.model import Channel, Group, Message, User
from jobs.sandbox.telegram.world.state import Typing, WorldSettings
from jobs.sandbox.telegram.world.world import TelegramWorld, peer_of

__all__ = ["Channel", "Group", "Message", "TelegramWorld", "Typing", "User", "WorldSettings", "peer_of"]
