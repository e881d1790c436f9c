-- People other than the owner who have written, or were written to.
CREATE TABLE external_users (
    id INTEGER PRIMARY KEY,                   -- Telegram's
    username TEXT,
    first_name TEXT NOT NULL DEFAULT '',
    last_name TEXT NOT NULL DEFAULT '',
    phone TEXT,                               -- digits
    language TEXT,
    kind TEXT NOT NULL DEFAULT 'person',
    is_contact INTEGER NOT NULL DEFAULT 0,
    notes TEXT NOT NULL DEFAULT '',
    standing TEXT NOT NULL DEFAULT 'unknown' CHECK (standing IN ('unknown', 'asked', 'allowed', 'refused')),
    banned INTEGER NOT NULL DEFAULT 0,
    messages_per_hour INTEGER,                -- NULL: as the settings say
    daily_usd REAL,                           -- NULL: as the settings say
    first_contact TEXT NOT NULL,
    last_contact TEXT NOT NULL,
    checked_at TEXT,                          -- when Telegram last said who they are
    approached_at TEXT                        -- when we wrote to them first, if we wrote first
) STRICT;

-- Errands: something to be settled with one person or several.
CREATE TABLE tasks (
    id TEXT PRIMARY KEY,                      -- short and speakable
    title TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    kind TEXT NOT NULL DEFAULT '',
    context TEXT NOT NULL DEFAULT '{}',       -- JSON object
    deadline TEXT,
    status TEXT NOT NULL CHECK (status IN ('pending', 'in_progress', 'waiting', 'done', 'cancelled', 'failed')),
    next_step TEXT NOT NULL DEFAULT '',
    result TEXT NOT NULL DEFAULT '',
    session_id TEXT,                          -- the model's conversation about it
    created_by TEXT NOT NULL,                 -- a session's key
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    closed_at TEXT
) STRICT;
CREATE INDEX tasks_open ON tasks (created_at) WHERE status IN ('pending', 'in_progress', 'waiting');

CREATE TABLE task_people (
    task_id TEXT NOT NULL REFERENCES tasks (id),
    user_id INTEGER NOT NULL REFERENCES external_users (id),
    status TEXT NOT NULL DEFAULT 'pending',   -- what this person has said of it
    result TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (task_id, user_id)
) STRICT;
CREATE INDEX task_people_of ON task_people (user_id);

CREATE TABLE task_history (
    id INTEGER PRIMARY KEY,
    task_id TEXT NOT NULL REFERENCES tasks (id),
    at TEXT NOT NULL,
    actor TEXT NOT NULL,                      -- a session's key
    change TEXT NOT NULL
) STRICT;
CREATE INDEX task_history_of ON task_history (task_id, id);

-- Questions to the owner: may this call be made, may this stranger be answered.
CREATE TABLE approvals (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('call', 'stranger')),
    session_key TEXT NOT NULL,                -- whose call it is, or the stranger's session
    task_id TEXT,
    tool TEXT NOT NULL DEFAULT '',
    what TEXT NOT NULL DEFAULT '',            -- the call in words, as the owner was asked
    arguments TEXT NOT NULL DEFAULT '',       -- canonical JSON
    people TEXT NOT NULL DEFAULT '',          -- the ids of those whom it names, as JSON: names change hands
    state TEXT NOT NULL CHECK (state IN ('waiting', 'granted', 'standing', 'used', 'denied', 'expired')),
    outbox_id INTEGER NOT NULL,               -- the question in the owner's chat
    asked_at TEXT NOT NULL,
    expires_at TEXT,
    decided_at TEXT
) STRICT;
CREATE INDEX approvals_open ON approvals (session_key, tool) WHERE state IN ('waiting', 'granted', 'standing');

-- What a guarded session has seen, so that its messages to outsiders wait for the owner.
CREATE TABLE sessions (
    key TEXT PRIMARY KEY,
    saw_outsiders INTEGER NOT NULL DEFAULT 0,
    read_private TEXT NOT NULL DEFAULT ''     -- what it read first beyond its errand; '' for nothing
) STRICT;

-- Who has written before was answered by nobody: now there is somebody who may be asked about them.
UPDATE inbox SET state = 'new', session_key = 'user:' || chat_id WHERE state = 'held' AND chat_id > 0;

ALTER TABLE outbox ADD COLUMN task_id TEXT;   -- the errand it was sent for
ALTER TABLE inbox ADD COLUMN admitted_at TEXT;   -- when another person's message was let in
CREATE INDEX inbox_admitted ON inbox (session_key, admitted_at);
CREATE INDEX usage_events_session ON usage_events (session_key, at);
