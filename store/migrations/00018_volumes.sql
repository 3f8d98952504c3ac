-- Network volumes as things of their own. Folders that were made before that, by name, become
-- volumes when somebody creates one of that name.

-- +goose Up
CREATE TABLE volumes (
	id          TEXT PRIMARY KEY,
	account_id  TEXT NOT NULL REFERENCES accounts (id),
	name        TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 63),
	data_center TEXT NOT NULL REFERENCES data_centers (name),
	state       TEXT NOT NULL CHECK (state IN ('ready', 'deleting', 'deleted')),
	actor       TEXT NOT NULL,
	created_at  BIGINT NOT NULL,
	deleted_at  BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX volumes_name ON volumes (account_id, data_center, name) WHERE state <> 'deleted';
CREATE INDEX volumes_deleting ON volumes (state) WHERE state = 'deleting';

ALTER TABLE hosts ADD COLUMN volumes BOOLEAN NOT NULL DEFAULT FALSE; -- it reaches the data center's network volumes
