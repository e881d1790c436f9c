-- How a message is sent, beyond what it says.
ALTER TABLE outbox ADD COLUMN silent INTEGER NOT NULL DEFAULT 0;   -- 1: without a sound
ALTER TABLE outbox ADD COLUMN send_at TEXT;                        -- UTC; Telegram keeps it until then
ALTER TABLE outbox ADD COLUMN forward_from INTEGER;                -- the chat of the message that is forwarded
ALTER TABLE outbox ADD COLUMN forward_id INTEGER;                  -- its id there; the text is what it said
