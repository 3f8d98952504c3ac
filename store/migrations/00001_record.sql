-- The record, in SQL that SQLite and Postgres both understand.
--
-- Times are BIGINT microseconds since 1970 in UTC, 0 for never: SQLite has no type for time,
-- and this one sorts, compares and indexes alike in both, at Postgres's own resolution.
-- JSON is TEXT that only Go reads; what a constraint or a query needs is a column.
-- The limits repeat those of package fleet; a test compares them.

-- +goose Up
CREATE TABLE accounts (
	id         TEXT PRIMARY KEY,
	name       TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 128),
	fleet      BOOLEAN NOT NULL,
	created_at BIGINT NOT NULL
);

CREATE TABLE api_keys (
	id         TEXT PRIMARY KEY,
	account_id TEXT NOT NULL REFERENCES accounts (id),
	name       TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 128),
	role       TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'owner')),
	hash       TEXT NOT NULL UNIQUE, -- of the secret, SHA-256
	created_at BIGINT NOT NULL
);
CREATE INDEX api_keys_account ON api_keys (account_id, id);

CREATE TABLE data_centers (
	name           TEXT PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 63),
	gateway_url    TEXT NOT NULL,
	routes_version BIGINT NOT NULL DEFAULT 1 -- rises with every change of its routes
);

CREATE TABLE gateways (
	id          TEXT PRIMARY KEY,
	name        TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 128),
	data_center TEXT NOT NULL REFERENCES data_centers (name),
	token_hash  TEXT NOT NULL UNIQUE,
	version     BIGINT NOT NULL DEFAULT 0, -- of the routes it follows
	inflight    TEXT NOT NULL DEFAULT '{}',
	load        TEXT NOT NULL DEFAULT '{}',
	seen_at     BIGINT NOT NULL DEFAULT 0,
	created_at  BIGINT NOT NULL
);
CREATE INDEX gateways_data_center ON gateways (data_center);

CREATE TABLE hosts (
	id          TEXT PRIMARY KEY,
	name        TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 128),
	data_center TEXT NOT NULL REFERENCES data_centers (name),
	token_hash  TEXT NOT NULL UNIQUE,
	address     TEXT NOT NULL DEFAULT '',
	state       TEXT NOT NULL CHECK (state IN ('joining', 'ready', 'lost')),
	cordoned    BOOLEAN NOT NULL DEFAULT FALSE, -- beside the state: it outlives a loss
	version     TEXT NOT NULL DEFAULT '',
	machine     TEXT NOT NULL DEFAULT '',
	simulated   BOOLEAN NOT NULL DEFAULT FALSE,
	spot        BOOLEAN NOT NULL DEFAULT FALSE,
	port_first  INTEGER NOT NULL DEFAULT 0 CHECK (port_first BETWEEN 0 AND 65535),
	port_last   INTEGER NOT NULL DEFAULT 0 CHECK (port_last BETWEEN 0 AND 65535),
	next_port   INTEGER NOT NULL DEFAULT 0, -- where the next search for a port begins
	disk_total  BIGINT NOT NULL DEFAULT 0,
	disk_free   BIGINT NOT NULL DEFAULT 0,
	seen_at     BIGINT NOT NULL DEFAULT 0,
	expires_at  BIGINT NOT NULL DEFAULT 0,
	created_at  BIGINT NOT NULL
);
CREATE INDEX hosts_data_center ON hosts (data_center);

CREATE TABLE gpus (
	id        TEXT PRIMARY KEY,
	host_id   TEXT NOT NULL REFERENCES hosts (id),
	idx       INTEGER NOT NULL CHECK (idx >= 0), -- index is a keyword
	uuid      TEXT NOT NULL CHECK (uuid <> ''),
	serial    TEXT NOT NULL,
	type      TEXT NOT NULL,
	memory_mb BIGINT NOT NULL CHECK (memory_mb >= 0),
	state     TEXT NOT NULL CHECK (state IN ('free', 'reserved', 'testing', 'assigned', 'scrubbing', 'resetting', 'quarantined', 'lost')),
	reason    TEXT NOT NULL DEFAULT '',
	simulated BOOLEAN NOT NULL,
	UNIQUE (host_id, uuid)
);
CREATE INDEX gpus_free ON gpus (host_id) WHERE state = 'free';

CREATE TABLE operations (
	id           TEXT PRIMARY KEY, -- made from account and Idempotency-Key: a key has one effect
	account_id   TEXT NOT NULL REFERENCES accounts (id),
	kind         TEXT NOT NULL CHECK (kind IN ('instance', 'endpoint')),
	resource_id  TEXT NOT NULL,
	name         TEXT NOT NULL,
	params       TEXT NOT NULL,
	actor        TEXT NOT NULL,
	digest       TEXT NOT NULL,
	waits        BOOLEAN NOT NULL, -- it comes after the one that holds the resource
	outcome      TEXT NOT NULL DEFAULT '' CHECK (outcome IN ('', 'done', 'undone', 'stuck')),
	code         TEXT NOT NULL DEFAULT '',
	message      TEXT NOT NULL DEFAULT '',
	phase        TEXT NOT NULL DEFAULT '',
	steps        TEXT NOT NULL DEFAULT '[]',
	accepted_at  BIGINT NOT NULL,
	started_at   BIGINT NOT NULL DEFAULT 0,
	begun_at     BIGINT NOT NULL DEFAULT 0,
	cancelled_at BIGINT NOT NULL DEFAULT 0,
	ended_at     BIGINT NOT NULL DEFAULT 0,
	deadline     BIGINT NOT NULL,
	CHECK ((outcome = '') = (ended_at = 0))
);
-- One operation holds a resource, and one more may wait for it.
CREATE UNIQUE INDEX operations_slot ON operations (resource_id, waits) WHERE outcome = '';
CREATE INDEX operations_open ON operations (accepted_at) WHERE outcome = '';
CREATE INDEX operations_accepted ON operations (accepted_at);
CREATE INDEX operations_account ON operations (account_id, accepted_at, id);
CREATE INDEX operations_resource ON operations (resource_id, accepted_at, id);

CREATE TABLE endpoints (
	id           TEXT PRIMARY KEY,
	account_id   TEXT NOT NULL REFERENCES accounts (id),
	name         TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 128),
	data_center  TEXT NOT NULL REFERENCES data_centers (name),
	revision     INTEGER NOT NULL CHECK (revision >= 1), -- the one it runs
	state        TEXT NOT NULL CHECK (state IN ('running', 'stopped', 'failed', 'deleted', 'provisioning', 'starting', 'stopping', 'updating', 'deleting')),
	was          TEXT NOT NULL,
	operation_id TEXT UNIQUE REFERENCES operations (id),
	next_id      TEXT UNIQUE REFERENCES operations (id),
	since        BIGINT NOT NULL,
	deadline     BIGINT NOT NULL,
	reason       TEXT NOT NULL,
	created_at   BIGINT NOT NULL,
	updated_at   BIGINT NOT NULL,
	CHECK ((operation_id IS NULL) = (state IN ('running', 'stopped', 'failed', 'deleted'))),
	CHECK (operation_id IS NOT NULL OR next_id IS NULL)
);
CREATE UNIQUE INDEX endpoints_name ON endpoints (account_id, name) WHERE state <> 'deleted';
CREATE INDEX endpoints_account ON endpoints (account_id, id);
CREATE INDEX endpoints_data_center ON endpoints (data_center) WHERE state <> 'deleted';

CREATE TABLE endpoint_revisions (
	endpoint_id        TEXT NOT NULL REFERENCES endpoints (id),
	revision           INTEGER NOT NULL CHECK (revision >= 1),
	spec               TEXT NOT NULL,
	active_workers     INTEGER NOT NULL CHECK (active_workers BETWEEN 0 AND 1000),
	max_workers        INTEGER NOT NULL CHECK (max_workers BETWEEN 1 AND 1000),
	gpus_per_worker    INTEGER NOT NULL CHECK (gpus_per_worker BETWEEN 1 AND 8),
	port               INTEGER NOT NULL CHECK (port BETWEEN 1 AND 65535),
	target_concurrency INTEGER NOT NULL CHECK (target_concurrency BETWEEN 1 AND 10000),
	created_at         BIGINT NOT NULL,
	PRIMARY KEY (endpoint_id, revision),
	CHECK (max_workers >= active_workers)
);

CREATE TABLE instances (
	id           TEXT PRIMARY KEY,
	account_id   TEXT NOT NULL REFERENCES accounts (id),
	endpoint_id  TEXT REFERENCES endpoints (id), -- of a worker; NULL for a server
	revision     INTEGER NOT NULL,
	name         TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 128),
	data_center  TEXT NOT NULL REFERENCES data_centers (name),
	spec         TEXT NOT NULL,
	gpus         INTEGER NOT NULL CHECK (gpus BETWEEN 0 AND 8),
	ports        INTEGER NOT NULL CHECK (ports BETWEEN 0 AND 16), -- how many
	protected    BOOLEAN NOT NULL,
	state        TEXT NOT NULL CHECK (state IN ('running', 'stopped', 'frozen', 'lost', 'failed', 'terminated', 'provisioning', 'starting', 'stopping', 'restarting', 'freezing', 'thawing', 'migrating', 'resetting', 'recovering', 'terminating')),
	was          TEXT NOT NULL,
	operation_id TEXT UNIQUE REFERENCES operations (id),
	next_id      TEXT UNIQUE REFERENCES operations (id),
	since        BIGINT NOT NULL,
	deadline     BIGINT NOT NULL,
	reason       TEXT NOT NULL,
	cause        TEXT NOT NULL DEFAULT '',
	found_state  TEXT NOT NULL DEFAULT '', -- of a lost one: what it is again if its host returns
	epoch        BIGINT NOT NULL DEFAULT 0,
	serving      TEXT NOT NULL DEFAULT '' CHECK (serving IN ('', 'ready', 'draining')),
	held_by      TEXT NOT NULL DEFAULT '', -- the operation that holds its traffic
	held_version BIGINT NOT NULL DEFAULT 0, -- of the routes that hold it
	created_at   BIGINT NOT NULL,
	updated_at   BIGINT NOT NULL,
	CHECK ((operation_id IS NULL) = (state IN ('running', 'stopped', 'frozen', 'lost', 'failed', 'terminated'))),
	CHECK (operation_id IS NOT NULL OR next_id IS NULL)
);
CREATE UNIQUE INDEX servers_name ON instances (account_id, name) WHERE endpoint_id IS NULL AND state <> 'terminated';
CREATE INDEX instances_account ON instances (account_id, id);
CREATE INDEX instances_name ON instances (account_id, name);
CREATE INDEX instances_endpoint ON instances (endpoint_id, id) WHERE endpoint_id IS NOT NULL AND state <> 'terminated';
CREATE INDEX instances_serving ON instances (data_center, endpoint_id) WHERE serving <> '';
CREATE INDEX instances_state ON instances (state);

CREATE TABLE leases (
	id          TEXT PRIMARY KEY, -- the operation that asked for it
	instance_id TEXT NOT NULL REFERENCES instances (id),
	host_id     TEXT NOT NULL REFERENCES hosts (id),
	epoch       BIGINT NOT NULL,
	home        BOOLEAN NOT NULL DEFAULT FALSE, -- the instance lives there
	suspect     INTEGER NOT NULL DEFAULT 0, -- reports in a row without its container running
	created_at  BIGINT NOT NULL,
	UNIQUE (instance_id, epoch)
);
CREATE UNIQUE INDEX leases_home ON leases (instance_id) WHERE home;
CREATE INDEX leases_host ON leases (host_id);

-- A GPU has one holder, and a port of a host, too: these keys are what guarantees it.
CREATE TABLE lease_gpus (
	gpu_id   TEXT PRIMARY KEY REFERENCES gpus (id),
	lease_id TEXT NOT NULL REFERENCES leases (id)
);
CREATE INDEX lease_gpus_lease ON lease_gpus (lease_id);

CREATE TABLE lease_ports (
	host_id   TEXT NOT NULL REFERENCES hosts (id),
	port      INTEGER NOT NULL CHECK (port BETWEEN 1 AND 65535),
	lease_id  TEXT NOT NULL REFERENCES leases (id),
	position  INTEGER NOT NULL, -- in the spec's ports
	container INTEGER NOT NULL CHECK (container BETWEEN 1 AND 65535),
	PRIMARY KEY (host_id, port),
	UNIQUE (lease_id, position)
);

-- Events are numbered by account, in the order of their commits: whoever follows them by
-- number misses none, which IDs made from clocks could not promise.
CREATE TABLE event_clocks (
	account_id TEXT PRIMARY KEY, -- '' for the fleet's own
	last       BIGINT NOT NULL
);

CREATE TABLE events (
	id           TEXT PRIMARY KEY,
	account_id   TEXT NOT NULL,
	seq          BIGINT NOT NULL,
	name         TEXT NOT NULL,
	instance_id  TEXT NOT NULL,
	endpoint_id  TEXT NOT NULL,
	host_id      TEXT NOT NULL,
	operation_id TEXT NOT NULL,
	actor        TEXT NOT NULL,
	message      TEXT NOT NULL,
	at           BIGINT NOT NULL,
	UNIQUE (account_id, seq)
);
CREATE INDEX events_instance ON events (account_id, instance_id, seq) WHERE instance_id <> '';
CREATE INDEX events_endpoint ON events (account_id, endpoint_id, seq) WHERE endpoint_id <> '';
CREATE INDEX events_host ON events (account_id, host_id, seq) WHERE host_id <> '';
CREATE INDEX events_operation ON events (account_id, operation_id, seq) WHERE operation_id <> '';
