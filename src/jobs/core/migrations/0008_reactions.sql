-- The owner's reactions to messages of ours, for their session to be told of at its next turn.
CREATE TABLE reactions (
    id INTEGER PRIMARY KEY,
    chat_id INTEGER NOT NULL,
    message_id INTEGER NOT NULL,              -- the message of ours
    emoji TEXT NOT NULL,                      -- '' for a custom one
    reacted_at TEXT NOT NULL,                 -- UTC, as Telegram names it
    state TEXT NOT NULL CHECK (state IN ('new', 'told', 'removed')),
    UNIQUE (chat_id, message_id, emoji, reacted_at)
) STRICT;
CREATE INDEX reactions_new ON reactions (reacted_at, id) WHERE state = 'new';
