"""Markdown to Telegram messages: text with entities, cut to size."""

from .entities import Entity, Kind, RichText, dump_entities, load_entities, to_telethon, utf16_length
from .markdown import render
from .preview import preview
from .split import split

__all__ = [
    "Entity",
    "Kind",
    "RichText",
    "dump_entities",
    "load_entities",
    "preview",
    "render",
    "split",
    "to_telethon",
    "utf16_length",
]
