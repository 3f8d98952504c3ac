-- Snapshots, and what freeze, thaw, migrate, reset and recover leave in the record.

-- +goose Up
CREATE TABLE snapshots (
	id           TEXT PRIMARY KEY,
	account_id   TEXT NOT NULL REFERENCES accounts (id),
	instance_id  TEXT NOT NULL REFERENCES instances (id),
	data_center  TEXT NOT NULL REFERENCES data_centers (name),
	operation_id TEXT NOT NULL DEFAULT '',
	kind         TEXT NOT NULL CHECK (kind IN ('freeze', 'migrate', 'safety', 'auto', 'manual')),
	state        TEXT NOT NULL CHECK (state IN ('saving', 'ready')),
	image_id     TEXT NOT NULL DEFAULT '',
	bytes        BIGINT NOT NULL DEFAULT 0,
	files        BIGINT NOT NULL DEFAULT 0,
	created_at   BIGINT NOT NULL,
	saved_at     BIGINT NOT NULL DEFAULT 0,
	expires_at   BIGINT NOT NULL DEFAULT 0, -- 0: not by itself
	CHECK ((state = 'ready') = (saved_at > 0))
);
CREATE INDEX snapshots_instance ON snapshots (instance_id, id);
CREATE INDEX snapshots_account ON snapshots (account_id, id);
CREATE INDEX snapshots_data_center ON snapshots (data_center, id);
CREATE INDEX snapshots_expiry ON snapshots (expires_at) WHERE expires_at > 0;

ALTER TABLE instances ADD COLUMN snapshot_id TEXT NOT NULL DEFAULT ''; -- all there is of a frozen one
ALTER TABLE instances ADD COLUMN last_host TEXT NOT NULL DEFAULT ''; -- where it lived, when it has no home
ALTER TABLE instances ADD COLUMN last_ports TEXT NOT NULL DEFAULT '[]'; -- ... and was reached

-- A bare lease has neither GPUs nor ports: only data lies there. One that is kept belongs to
-- an instance that lives elsewhere, until its owner lets go of it.
ALTER TABLE leases ADD COLUMN bare BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE leases ADD COLUMN kept BOOLEAN NOT NULL DEFAULT FALSE;

ALTER TABLE hosts ADD COLUMN archives BOOLEAN NOT NULL DEFAULT FALSE; -- it can save and restore instances

ALTER TABLE data_centers ADD COLUMN collected_at BIGINT NOT NULL DEFAULT 0; -- when its archive was cleared up

ALTER TABLE operations ADD COLUMN downtime BIGINT NOT NULL DEFAULT 0; -- microseconds
ALTER TABLE operations ADD COLUMN moved BIGINT NOT NULL DEFAULT 0; -- bytes

-- Those who wait for a place, first come first served among those that want the same.
CREATE TABLE queue (
	operation_id TEXT PRIMARY KEY REFERENCES operations (id),
	data_center  TEXT NOT NULL,
	gpu_type     TEXT NOT NULL,
	since        BIGINT NOT NULL
);
