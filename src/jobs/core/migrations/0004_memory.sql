-- How far the notes have got with what they are made of, and what is on its way into them.
CREATE TABLE memory_state (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
