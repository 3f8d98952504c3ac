-- The controller of a data center: whether its gateways serve, and when they stop by themselves.

-- +goose Up
ALTER TABLE data_centers ADD COLUMN controller TEXT NOT NULL DEFAULT 'up' CHECK (controller IN ('up', 'down'));
ALTER TABLE data_centers ADD COLUMN controller_since BIGINT NOT NULL DEFAULT 0;
ALTER TABLE data_centers ADD COLUMN controller_actor TEXT NOT NULL DEFAULT '';
ALTER TABLE data_centers ADD COLUMN autostop_paused BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE data_centers ADD COLUMN autostop BIGINT NOT NULL DEFAULT 600000000; -- microseconds
ALTER TABLE data_centers ADD COLUMN idle_since BIGINT NOT NULL DEFAULT 0; -- 0: something needs it
