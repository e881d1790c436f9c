-- What is to happen at its time, once or again and again.
CREATE TABLE schedules (
    id TEXT PRIMARY KEY,                      -- short and speakable
    title TEXT NOT NULL,
    prompt TEXT NOT NULL,                     -- what is to be done, or said word for word
    kind TEXT NOT NULL CHECK (kind IN ('reminder', 'prompt')),
    session TEXT NOT NULL CHECK (session IN ('owner', 'isolated', 'errand')),
    task_id TEXT,                             -- the errand it belongs to
    once_at TEXT,                             -- UTC; one of once_at, cron and every_seconds is set
    cron TEXT,
    every_seconds INTEGER,
    anchor TEXT,                              -- UTC; from where every_seconds are counted
    zone TEXT NOT NULL,                       -- IANA
    until TEXT,                               -- UTC; no run after this
    max_runs INTEGER,
    runs INTEGER NOT NULL DEFAULT 0,
    next_run TEXT,                            -- UTC; NULL: none is left
    missed INTEGER NOT NULL DEFAULT 0,        -- runs that were skipped and not told of yet
    state TEXT NOT NULL CHECK (state IN ('active', 'done', 'cancelled')),
    created_by TEXT NOT NULL,                 -- a session's key
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL                  -- when it was changed by somebody
) STRICT;
CREATE INDEX schedules_due ON schedules (next_run) WHERE state = 'active';
CREATE INDEX schedules_missed ON schedules (id) WHERE missed > 0;

-- What the owner has subscribed to: the posts of a channel, the calls of a web hook.
CREATE TABLE trigger_subscriptions (
    id TEXT PRIMARY KEY,
    type TEXT NOT NULL,                       -- the source that serves it
    source TEXT NOT NULL,                     -- what it listens to, as that source names it
    title TEXT NOT NULL DEFAULT '',
    prompt TEXT NOT NULL,
    filter TEXT NOT NULL DEFAULT '{}',        -- JSON object
    session TEXT NOT NULL CHECK (session IN ('owner', 'isolated')),
    batch_minutes INTEGER NOT NULL DEFAULT 0,
    position TEXT NOT NULL DEFAULT '',        -- how far it has got, as its source writes it
    secret TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL CHECK (state IN ('active', 'paused', 'cancelled')),
    reason TEXT NOT NULL DEFAULT '',          -- why it is paused
    created_by TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX trigger_subscriptions_live ON trigger_subscriptions (type) WHERE state <> 'cancelled';

-- What has fired, each once. How a run fares is told by its inbox row, what came of it stands here.
CREATE TABLE trigger_events (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    key TEXT NOT NULL,                        -- names this firing among the source's
    about TEXT NOT NULL,                      -- the schedule or subscription
    title TEXT NOT NULL,
    target TEXT NOT NULL,                     -- the session's key; '' where its text went to the owner as it is
    inbox_id INTEGER REFERENCES inbox (id),
    outcome TEXT NOT NULL DEFAULT '',         -- what the owner was told; '' for nothing
    unheard INTEGER NOT NULL DEFAULT 0,       -- 1: the owner's session does not know of it yet
    created_at TEXT NOT NULL,
    settled_at TEXT,
    UNIQUE (source, key)
) STRICT;
CREATE INDEX trigger_events_of ON trigger_events (target, id);
CREATE INDEX trigger_events_run ON trigger_events (inbox_id);
CREATE INDEX trigger_events_unheard ON trigger_events (id) WHERE unheard = 1;
