-- Every message that came in: written before anything else happens to it.
CREATE TABLE inbox (
    id INTEGER PRIMARY KEY,
    chat_id INTEGER NOT NULL,
    message_id INTEGER NOT NULL,
    revision INTEGER NOT NULL DEFAULT 0,      -- 0: as it was sent; else the second of its edit
    session_key TEXT,                         -- NULL: nobody answers it
    payload TEXT NOT NULL,                    -- InboundMessage as JSON
    state TEXT NOT NULL CHECK (state IN ('new', 'submitted', 'parked', 'done', 'dropped', 'failed', 'held')),
    attempts INTEGER NOT NULL DEFAULT 0,
    not_before TEXT,                          -- UTC; when to try again
    received_at TEXT NOT NULL,
    settled_at TEXT,
    UNIQUE (chat_id, message_id, revision)
) STRICT;
CREATE INDEX inbox_open ON inbox (session_key, id) WHERE state IN ('new', 'submitted', 'parked');

-- Every message that goes out, with the random_id that makes a second attempt harmless.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY,
    chat_id INTEGER NOT NULL,
    random_id INTEGER NOT NULL UNIQUE,
    text TEXT NOT NULL,
    entities TEXT NOT NULL DEFAULT '[]',
    reply_to INTEGER,
    origin TEXT NOT NULL,                     -- what it is: answer, notice, tool
    once TEXT UNIQUE,                         -- names what a notice is about: it is said once, whatever happens
    draft_of TEXT,                            -- the session whose unfinished answer this is
    state TEXT NOT NULL CHECK (state IN ('draft', 'ready', 'sent', 'failed')),
    attempted INTEGER NOT NULL DEFAULT 0,     -- 1: Telegram may have it already
    attempted_text TEXT,                      -- as it was first tried: Telegram has it so, or not at all
    message_id INTEGER,                       -- as Telegram acknowledged it
    error TEXT,
    created_at TEXT NOT NULL,
    sent_at TEXT
) STRICT;
CREATE INDEX outbox_open ON outbox (chat_id, id) WHERE state IN ('draft', 'ready');
CREATE UNIQUE INDEX outbox_one_draft ON outbox (draft_of) WHERE state = 'draft';
CREATE INDEX outbox_delivered ON outbox (chat_id, message_id);

-- Calls of our own tools that changed something: a replay returns what is recorded here.
CREATE TABLE tool_effects (
    tool_use_id TEXT PRIMARY KEY,
    session_key TEXT NOT NULL,
    attempt TEXT NOT NULL,                    -- one try at answering what is open
    turn INTEGER NOT NULL,                    -- counts the turns of the attempt's session
    tool TEXT NOT NULL,
    arguments TEXT NOT NULL,                  -- canonical JSON
    state TEXT NOT NULL CHECK (state IN ('started', 'done', 'failed')),
    result TEXT,
    settled INTEGER NOT NULL DEFAULT 0,       -- 1: the turn it belongs to has been answered
    replayed_in TEXT,                         -- the newest attempt in which a repeat got this result
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX tool_effects_open ON tool_effects (session_key) WHERE settled = 0;

CREATE TABLE usage_events (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    session_key TEXT NOT NULL,
    started_by TEXT NOT NULL,
    model TEXT NOT NULL,
    outcome TEXT NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    cache_read_tokens INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL,
    cost_usd REAL NOT NULL,
    duration_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX usage_events_at ON usage_events (at);

-- How far each chat has been compared with Telegram's own history.
CREATE TABLE chats (
    chat_id INTEGER PRIMARY KEY,
    reconciled_id INTEGER NOT NULL
) STRICT;
