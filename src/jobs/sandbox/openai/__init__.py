"""The part of the OpenAI API that the program uses, on loopback, able to misbehave on demand."""

from .server import API_KEY, EmbeddingsRequest, OpenAIServer, TranscriptionRequest

__all__ = ["API_KEY", "EmbeddingsRequest", "OpenAIServer", "TranscriptionRequest"]
