-- Hosts that can be taken away: who sells them, what their provider has said, and what is
-- remembered of the pools they come from.

-- +goose Up
ALTER TABLE hosts ADD COLUMN provider TEXT NOT NULL DEFAULT '';
ALTER TABLE hosts ADD COLUMN zone TEXT NOT NULL DEFAULT '';
ALTER TABLE hosts ADD COLUMN gpu_type TEXT NOT NULL DEFAULT ''; -- of its first GPU: with provider and zone, the pool it comes from
ALTER TABLE hosts ADD COLUMN notice_kind TEXT NOT NULL DEFAULT '' CHECK (notice_kind IN ('', 'preempt', 'rebalance'));
ALTER TABLE hosts ADD COLUMN notice_source TEXT NOT NULL DEFAULT '';
ALTER TABLE hosts ADD COLUMN notice_id TEXT NOT NULL DEFAULT '';
ALTER TABLE hosts ADD COLUMN notice_actor TEXT NOT NULL DEFAULT '';
ALTER TABLE hosts ADD COLUMN noticed_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE hosts ADD COLUMN notice_deadline BIGINT NOT NULL DEFAULT 0; -- 0: nobody knows
ALTER TABLE instances ADD COLUMN replaced_at BIGINT NOT NULL DEFAULT 0; -- of a worker whose host is taken away: since when another is made in its place
ALTER TABLE instances ADD COLUMN pools TEXT NOT NULL DEFAULT '[]'; -- of a worker: the pools that its host may come from, the best first; empty: any
CREATE INDEX hosts_noticed ON hosts (noticed_at) WHERE noticed_at > 0;

-- What happened in pools of hosts, in a data center: its endpoints all learn from it.
CREATE TABLE pool_events (
	id          TEXT PRIMARY KEY,
	data_center TEXT NOT NULL REFERENCES data_centers (name),
	pool        TEXT NOT NULL, -- provider/GPU type/zone
	market      TEXT NOT NULL CHECK (market IN ('on-demand', 'spot')),
	kind        TEXT NOT NULL CHECK (kind IN ('preempted', 'launch_failed', 'launched')),
	at          BIGINT NOT NULL
);
CREATE INDEX pool_events_recent ON pool_events (data_center, at);
