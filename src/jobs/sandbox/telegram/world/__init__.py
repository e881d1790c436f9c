"""An in-memory Telegram: accounts, chats, messages, files and the updates between them."""

from jobs.sandbox.telegram.world.model import Channel, Group, Message, User
from jobs.sandbox.telegram.world.state import Typing, WorldSettings
from jobs.sandbox.telegram.world.world import TelegramWorld, peer_of

__all__ = ["Channel", "Group", "Message", "TelegramWorld", "Typing", "User", "WorldSettings", "peer_of"]
