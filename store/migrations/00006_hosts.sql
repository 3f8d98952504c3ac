-- Hosts that are emptied and retired, and what their agents reported last.

-- +goose Up
ALTER TABLE hosts ADD COLUMN draining_at BIGINT NOT NULL DEFAULT 0; -- emptied since; 0: it is not
ALTER TABLE hosts ADD COLUMN drained_at BIGINT NOT NULL DEFAULT 0; -- nothing lives there any more
ALTER TABLE hosts ADD COLUMN drain_parallel INTEGER NOT NULL DEFAULT 0;
ALTER TABLE hosts ADD COLUMN drain_total INTEGER NOT NULL DEFAULT 0;
ALTER TABLE hosts ADD COLUMN drain_actor TEXT NOT NULL DEFAULT '';
ALTER TABLE hosts ADD COLUMN retired_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE hosts ADD COLUMN retired_name TEXT NOT NULL DEFAULT ''; -- what a retired one was called: name is free for another

ALTER TABLE hosts ADD COLUMN containers TEXT NOT NULL DEFAULT '[]'; -- of the last report, for the audit

ALTER TABLE instances ADD COLUMN leaving_at BIGINT NOT NULL DEFAULT 0; -- of a worker that is to be replaced, since its host is emptied
