"""Markdown to Telegram messages: text with entities, cut to size."""

from jobs.core.rich_text import Entity, Kind, RichText, dump_entities, load_entities

from .entities import to_telethon, utf16_length
from .join import join
from .markdown import render
from .preview import preview
from .split import split

__all__ = [
    "Entity",
    "Kind",
    "RichText",
    "dump_entities",
    "join",
    "load_entities",
    "preview",
    "render",
    "split",
    "to_telethon",
    "utf16_length",
]
