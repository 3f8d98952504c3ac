-- How gateways treat requests, the keys that open endpoints, and gateways that are on their way out.

-- +goose Up
ALTER TABLE endpoint_revisions ADD COLUMN requests TEXT NOT NULL DEFAULT '{}'; -- of the spec, for the routes

CREATE TABLE endpoint_keys (
	id          TEXT PRIMARY KEY,
	endpoint_id TEXT NOT NULL REFERENCES endpoints (id),
	name        TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 128),
	hash        TEXT NOT NULL UNIQUE,
	actor       TEXT NOT NULL,
	created_at  BIGINT NOT NULL,
	UNIQUE (endpoint_id, name)
);

-- What is reported by processes of a gateway beside its newest, which gateways has: one that
-- was told to end and still has requests in flight, while the next one serves already.
CREATE TABLE gateway_runs (
	gateway_id TEXT NOT NULL REFERENCES gateways (id),
	run        TEXT NOT NULL,
	version    BIGINT NOT NULL,
	inflight   TEXT NOT NULL,
	load       TEXT NOT NULL,
	seen_at    BIGINT NOT NULL,
	PRIMARY KEY (gateway_id, run)
);
