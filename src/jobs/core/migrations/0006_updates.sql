-- The owner may be asked about an update, too; SQLite changes no CHECK of a table that is there.
CREATE TABLE approvals_new (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('call', 'stranger', 'update')),
    session_key TEXT NOT NULL,
    task_id TEXT,
    tool TEXT NOT NULL DEFAULT '',
    what TEXT NOT NULL DEFAULT '',
    arguments TEXT NOT NULL DEFAULT '',       -- of an update: the commit
    people TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL CHECK (state IN ('waiting', 'granted', 'standing', 'used', 'denied', 'expired')),
    outbox_id INTEGER NOT NULL,
    asked_at TEXT NOT NULL,
    expires_at TEXT,
    decided_at TEXT
) STRICT;
INSERT INTO approvals_new (id, kind, session_key, task_id, tool, what, arguments, people, state, outbox_id, asked_at,
    expires_at, decided_at)
SELECT id, kind, session_key, task_id, tool, what, arguments, people, state, outbox_id, asked_at, expires_at, decided_at
FROM approvals;
DROP TABLE approvals;
ALTER TABLE approvals_new RENAME TO approvals;
CREATE INDEX approvals_open ON approvals (session_key, tool) WHERE state IN ('waiting', 'granted', 'standing');
