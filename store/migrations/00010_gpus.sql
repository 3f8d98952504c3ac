-- What is known of the health of GPUs, what was done about it, and what is to be done.

-- +goose Up
ALTER TABLE hosts ADD COLUMN scrubs BOOLEAN NOT NULL DEFAULT FALSE; -- its agent scrubs GPUs

ALTER TABLE gpus ADD COLUMN since BIGINT NOT NULL DEFAULT 0; -- in its state
ALTER TABLE gpus ADD COLUMN dirty BOOLEAN NOT NULL DEFAULT FALSE; -- a lease had it since it was last scrubbed
ALTER TABLE gpus ADD COLUMN score INTEGER NOT NULL DEFAULT 100 CHECK (score BETWEEN 0 AND 100);
ALTER TABLE gpus ADD COLUMN probation_until BIGINT NOT NULL DEFAULT 0;
ALTER TABLE gpus ADD COLUMN rule TEXT NOT NULL DEFAULT ''; -- of the verdict that quarantined it
ALTER TABLE gpus ADD COLUMN product TEXT NOT NULL DEFAULT '';
ALTER TABLE gpus ADD COLUMN driver TEXT NOT NULL DEFAULT '';
ALTER TABLE gpus ADD COLUMN bus_id TEXT NOT NULL DEFAULT '';
ALTER TABLE gpus ADD COLUMN parent TEXT NOT NULL DEFAULT ''; -- of a MIG slice: UUID of its device
ALTER TABLE gpus ADD COLUMN profile TEXT NOT NULL DEFAULT '';
ALTER TABLE gpus ADD COLUMN slice_start INTEGER NOT NULL DEFAULT 0; -- of its placement
ALTER TABLE gpus ADD COLUMN slice_size INTEGER NOT NULL DEFAULT 0;
CREATE INDEX gpus_uuid ON gpus (uuid);
UPDATE gpus SET dirty = TRUE WHERE id IN (SELECT gpu_id FROM lease_gpus);

-- What its driver told last. A table of its own: placements read all GPUs, and these are long.
CREATE TABLE gpu_health (
	gpu_id     TEXT PRIMARY KEY REFERENCES gpus (id),
	health     TEXT NOT NULL,
	checked_at BIGINT NOT NULL
);

-- Counters of GPUs when they were last found well, by what they are known by on any host.
CREATE TABLE gpu_baselines (
	identity     TEXT PRIMARY KEY,
	serial       TEXT NOT NULL,
	health       TEXT NOT NULL,
	at           BIGINT NOT NULL, -- by the host's clock
	diagnosis_id TEXT NOT NULL
);

-- GPUs that nobody gets, wherever they turn up, until they are released.
CREATE TABLE gpu_quarantines (
	identity     TEXT PRIMARY KEY,
	serial       TEXT NOT NULL,
	gpu_id       TEXT NOT NULL,
	host_id      TEXT NOT NULL,
	rule         TEXT NOT NULL,
	reason       TEXT NOT NULL,
	actor        TEXT NOT NULL,
	since        BIGINT NOT NULL
);
CREATE INDEX gpu_quarantines_serial ON gpu_quarantines (serial) WHERE serial <> '';
INSERT INTO gpu_quarantines (identity, serial, gpu_id, host_id, rule, reason, actor, since)
	SELECT uuid, MAX(serial), MAX(id), MAX(host_id), '', MAX(reason), '', 0 FROM gpus WHERE state = 'quarantined' GROUP BY uuid;

CREATE TABLE gpu_diagnoses (
	id           TEXT PRIMARY KEY,
	kind         TEXT NOT NULL CHECK (kind IN ('test', 'scrub', 'reset', 'skip', 'watch', 'hand')),
	gpu_id       TEXT NOT NULL,
	uuid         TEXT NOT NULL,
	identity     TEXT NOT NULL,
	device       TEXT NOT NULL, -- UUID of the whole device
	serial       TEXT NOT NULL,
	host_id      TEXT NOT NULL,
	operation_id TEXT NOT NULL,
	instance_id  TEXT NOT NULL,
	account_id   TEXT NOT NULL, -- whose operation it was
	actor        TEXT NOT NULL,
	outcome      TEXT NOT NULL,
	rule         TEXT NOT NULL,
	message      TEXT NOT NULL,
	document     TEXT NOT NULL, -- examination, scrub, verdict, signature
	uncorrected  BOOLEAN NOT NULL, -- errors that were not corrected were counted since the baseline
	baseline     BIGINT NOT NULL, -- time of that
	simulated    BOOLEAN NOT NULL,
	at           BIGINT NOT NULL
);
CREATE INDEX gpu_diagnoses_device ON gpu_diagnoses (device, at, id);
CREATE INDEX gpu_diagnoses_serial ON gpu_diagnoses (serial, at, id) WHERE serial <> '';
CREATE INDEX gpu_diagnoses_operation ON gpu_diagnoses (operation_id, at, id) WHERE operation_id <> '';

-- What drivers reported by themselves. The same, within seconds, is one event.
CREATE TABLE gpu_events (
	id       TEXT PRIMARY KEY,
	device   TEXT NOT NULL,
	serial   TEXT NOT NULL,
	host_id  TEXT NOT NULL,
	kind     TEXT NOT NULL,
	xid      INTEGER NOT NULL,
	message  TEXT NOT NULL,
	source   TEXT NOT NULL,
	at       BIGINT NOT NULL, -- the first; by the host's clock
	last_at  BIGINT NOT NULL,
	count    BIGINT NOT NULL,
	noted_at BIGINT NOT NULL,
	judged   TEXT NOT NULL DEFAULT '' -- the diagnosis that took it into account
);
CREATE INDEX gpu_events_device ON gpu_events (device, at, id);
CREATE INDEX gpu_events_same ON gpu_events (device, kind, xid, last_at);
CREATE INDEX gpu_events_serial ON gpu_events (serial, at, id) WHERE serial <> '';

-- What is to be done with GPUs that nobody has.
CREATE TABLE gpu_cares (
	id           TEXT PRIMARY KEY,
	gpu_id       TEXT NOT NULL REFERENCES gpus (id),
	what         TEXT NOT NULL CHECK (what IN ('test', 'scrub', 'reset')),
	level        TEXT NOT NULL,
	actor        TEXT NOT NULL,
	state        TEXT NOT NULL CHECK (state IN ('asked', 'running', 'done', 'failed')),
	phase        TEXT NOT NULL DEFAULT '',
	percent      DOUBLE PRECISION NOT NULL DEFAULT 0,
	message      TEXT NOT NULL DEFAULT '',
	diagnosis_id TEXT NOT NULL DEFAULT '',
	quarantine   BOOLEAN NOT NULL,
	asked_at     BIGINT NOT NULL,
	ended_at     BIGINT NOT NULL DEFAULT 0,
	CHECK ((state IN ('done', 'failed')) = (ended_at > 0))
);
CREATE UNIQUE INDEX gpu_cares_open ON gpu_cares (gpu_id) WHERE ended_at = 0;
CREATE INDEX gpu_cares_gpu ON gpu_cares (gpu_id, asked_at);

-- Counted for Prometheus: a table of diagnoses is too long to count at each scrape.
CREATE TABLE gpu_tallies (
	metric TEXT NOT NULL,
	one    TEXT NOT NULL,
	two    TEXT NOT NULL,
	n      BIGINT NOT NULL,
	PRIMARY KEY (metric, one, two)
);
