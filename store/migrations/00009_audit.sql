-- What the audit found and is still so.

-- +goose Up
CREATE TABLE findings (
	kind        TEXT NOT NULL,
	resource    TEXT NOT NULL,
	instance_id TEXT NOT NULL,
	host_id     TEXT NOT NULL,
	message     TEXT NOT NULL,
	since       BIGINT NOT NULL,
	PRIMARY KEY (kind, resource)
);
