-- What people are told of operations before and while they run, and of data that is kept.

-- +goose Up
-- How long operations of a kind took.
CREATE INDEX operations_history ON operations (kind, name, ended_at) WHERE outcome = 'done';

ALTER TABLE leases ADD COLUMN kept_at BIGINT NOT NULL DEFAULT 0; -- since when a host keeps it for an instance that lives elsewhere
