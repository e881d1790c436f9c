-- The file that a message carries, by its absolute path; '' for none. Its text is the caption.
ALTER TABLE outbox ADD COLUMN file TEXT NOT NULL DEFAULT '';
