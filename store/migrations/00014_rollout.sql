-- Why workers did not come up, or ended; and who asked for a revision of an endpoint.

-- +goose Up
CREATE TABLE mishaps (
	id           TEXT PRIMARY KEY,
	account_id   TEXT NOT NULL REFERENCES accounts (id),
	endpoint_id  TEXT NOT NULL REFERENCES endpoints (id),
	instance_id  TEXT NOT NULL REFERENCES instances (id), -- the last one, of several
	worker       TEXT NOT NULL,
	revision     INTEGER NOT NULL,
	cause        TEXT NOT NULL,
	code         TEXT NOT NULL,
	exit_code    INTEGER,         -- NULL: no process ended
	message      TEXT NOT NULL,
	last_lines   TEXT NOT NULL,
	served       BIGINT NOT NULL, -- microseconds for which it had been running
	host_id      TEXT NOT NULL,
	operation_id TEXT NOT NULL,
	times        INTEGER NOT NULL,
	first_at     BIGINT NOT NULL,
	at           BIGINT NOT NULL
);
CREATE INDEX mishaps_endpoint ON mishaps (endpoint_id, at);
CREATE INDEX mishaps_instance ON mishaps (instance_id);
CREATE INDEX mishaps_capacity ON mishaps (at) WHERE cause = 'no_capacity';

ALTER TABLE endpoints ADD COLUMN forgiven_at BIGINT NOT NULL DEFAULT 0; -- mishaps before it hold nothing up
ALTER TABLE endpoints ADD COLUMN paused_at BIGINT NOT NULL DEFAULT 0;   -- its roll-out is, since
ALTER TABLE endpoints ADD COLUMN paused_by TEXT NOT NULL DEFAULT '';

ALTER TABLE endpoint_revisions ADD COLUMN operation_id TEXT NOT NULL DEFAULT ''; -- that moves the endpoint to it
ALTER TABLE endpoint_revisions ADD COLUMN actor TEXT NOT NULL DEFAULT '';
ALTER TABLE endpoint_revisions ADD COLUMN base INTEGER NOT NULL DEFAULT 0;       -- the one that ran when it was made
ALTER TABLE endpoint_revisions ADD COLUMN restores INTEGER NOT NULL DEFAULT 0;   -- of a rollback: whose spec it has
ALTER TABLE endpoint_revisions ADD COLUMN ready_at BIGINT NOT NULL DEFAULT 0;    -- when a worker of it was ready first
