-- The addresses of servers: TCP ports of a data center's gateways, one for each port of the
-- container. A server keeps them wherever it lives, until it is gone.

-- +goose Up
-- Where the next search for a port begins: one that was just freed is given away last.
ALTER TABLE data_centers ADD COLUMN next_address INTEGER NOT NULL DEFAULT 0;

-- A port leads to one server: this key is what guarantees it.
CREATE TABLE addresses (
	data_center TEXT NOT NULL REFERENCES data_centers (name),
	port        INTEGER NOT NULL CHECK (port BETWEEN 1 AND 65535),
	instance_id TEXT NOT NULL REFERENCES instances (id),
	position    INTEGER NOT NULL, -- in the spec's ports
	container   INTEGER NOT NULL CHECK (container BETWEEN 1 AND 65535),
	PRIMARY KEY (data_center, port),
	UNIQUE (instance_id, position)
);

CREATE INDEX servers_data_center ON instances (data_center, id) WHERE endpoint_id IS NULL AND state <> 'terminated';

-- Servers that are there already get theirs from the beginning of the default range.
INSERT INTO addresses (data_center, port, instance_id, position, container)
SELECT i.data_center, 9999 + ROW_NUMBER() OVER (PARTITION BY i.data_center ORDER BY i.id, p.position), i.id, p.position, p.container
FROM instances i JOIN leases l ON l.instance_id = i.id AND l.epoch = i.epoch JOIN lease_ports p ON p.lease_id = l.id
WHERE i.endpoint_id IS NULL AND i.state <> 'terminated';

UPDATE data_centers SET routes_version = routes_version + 1;
