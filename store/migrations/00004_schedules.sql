-- Schedules, what they did, and who holds a resource against them. See 00001 for times and JSON.

-- +goose Up
CREATE TABLE schedules (
	id         TEXT PRIMARY KEY,
	account_id TEXT NOT NULL REFERENCES accounts (id),
	name       TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 128),
	spec       TEXT NOT NULL,
	target     TEXT NOT NULL, -- ID of its instance or endpoint; '' with a selector
	windowed   BOOLEAN NOT NULL,
	state      TEXT NOT NULL CHECK (state IN ('active', 'paused', 'deleted')),
	note       TEXT NOT NULL DEFAULT '',
	key_hash   TEXT NOT NULL, -- of the Idempotency-Key it was created under
	digest     TEXT NOT NULL,
	version    BIGINT NOT NULL CHECK (version >= 1), -- rises with every change
	synced     BIGINT NOT NULL DEFAULT 0, -- the version that Temporal has
	synced_at  BIGINT NOT NULL DEFAULT 0,
	claimed_at BIGINT NOT NULL DEFAULT 0, -- by the process that is telling Temporal of it
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	UNIQUE (account_id, key_hash)
);
CREATE UNIQUE INDEX schedules_name ON schedules (account_id, name) WHERE state <> 'deleted';
CREATE INDEX schedules_account ON schedules (account_id, id);
CREATE INDEX schedules_unsynced ON schedules (id) WHERE synced < version;

CREATE TABLE schedule_runs (
	schedule_id TEXT NOT NULL REFERENCES schedules (id),
	at          BIGINT NOT NULL,
	edge        TEXT NOT NULL CHECK (edge IN ('begin', 'end')),
	actor       TEXT NOT NULL DEFAULT '', -- who triggered it
	key_hash    TEXT, -- of the trigger's Idempotency-Key
	action      TEXT NOT NULL,
	workers     INTEGER NOT NULL DEFAULT 0,
	state       TEXT NOT NULL CHECK (state IN ('pending', 'running', 'done', 'missed')),
	begun_at    BIGINT NOT NULL DEFAULT 0,
	ended_at    BIGINT NOT NULL DEFAULT 0,
	created_at  BIGINT NOT NULL,
	PRIMARY KEY (schedule_id, at),
	UNIQUE (schedule_id, key_hash)
);
CREATE INDEX schedule_runs_pending ON schedule_runs (created_at) WHERE state = 'pending';

CREATE TABLE schedule_targets (
	schedule_id  TEXT NOT NULL,
	at           BIGINT NOT NULL,
	kind         TEXT NOT NULL CHECK (kind IN ('instance', 'endpoint')),
	resource_id  TEXT NOT NULL,
	outcome      TEXT NOT NULL CHECK (outcome IN ('accepted', 'skipped', 'refused', 'busy')),
	code         TEXT NOT NULL DEFAULT '',
	message      TEXT NOT NULL DEFAULT '',
	operation_id TEXT NOT NULL DEFAULT '',
	PRIMARY KEY (schedule_id, at, resource_id)
);

CREATE TABLE schedule_holds (
	schedule_id TEXT NOT NULL REFERENCES schedules (id),
	kind        TEXT NOT NULL CHECK (kind IN ('instance', 'endpoint')),
	resource_id TEXT NOT NULL,
	action      TEXT NOT NULL, -- that the window began with
	actor       TEXT NOT NULL,
	until       BIGINT NOT NULL,
	created_at  BIGINT NOT NULL,
	PRIMARY KEY (resource_id, schedule_id)
);
CREATE INDEX schedule_holds_schedule ON schedule_holds (schedule_id);

ALTER TABLE events ADD COLUMN schedule_id TEXT NOT NULL DEFAULT '';
CREATE INDEX events_schedule ON events (account_id, schedule_id, seq) WHERE schedule_id <> '';
