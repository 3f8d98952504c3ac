-- How endpoints are scaled: who evaluates, what was decided and why, and the load it rested on.

-- +goose Up
ALTER TABLE gateways ADD COLUMN run TEXT NOT NULL DEFAULT ''; -- of the gateway's process: the totals in load begin with it

-- Who does what one process at a time should do.
CREATE TABLE leaders (
	role       TEXT PRIMARY KEY,
	holder     TEXT NOT NULL,
	term       BIGINT NOT NULL, -- one more with every change of the holder
	expires_at BIGINT NOT NULL
);

-- What an endpoint's autoscaler knows, as of when it last looked with a reason.
CREATE TABLE endpoint_scaling (
	endpoint_id TEXT PRIMARY KEY REFERENCES endpoints (id),
	version     BIGINT NOT NULL, -- one more with every change
	desired     INTEGER NOT NULL,
	rule        TEXT NOT NULL,
	reason      TEXT NOT NULL,
	state       TEXT NOT NULL, -- of the decision function
	at          BIGINT NOT NULL
);

CREATE TABLE scale_decisions (
	id          TEXT PRIMARY KEY,
	account_id  TEXT NOT NULL REFERENCES accounts (id),
	endpoint_id TEXT NOT NULL REFERENCES endpoints (id),
	seq         BIGINT NOT NULL, -- counts the endpoint's decisions
	key         TEXT NOT NULL,   -- of the decision: stored again, it is the same
	rule        TEXT NOT NULL,
	was         INTEGER NOT NULL,
	became      INTEGER NOT NULL,
	document    TEXT NOT NULL,
	at          BIGINT NOT NULL,
	UNIQUE (endpoint_id, seq),
	UNIQUE (endpoint_id, key)
);

-- A ring of each endpoint's load: a slot is written over after an hour.
CREATE TABLE endpoint_loads (
	endpoint_id TEXT NOT NULL REFERENCES endpoints (id),
	slot        INTEGER NOT NULL,
	at          BIGINT NOT NULL, -- when the slot began
	document    TEXT NOT NULL,
	PRIMARY KEY (endpoint_id, slot)
);
