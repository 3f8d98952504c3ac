-- The templates of accounts. What a template does is kept by its version, which is a hash:
-- servers keep the version that they were given, whatever becomes of the template.

-- +goose Up
CREATE TABLE template_versions (
	account_id TEXT NOT NULL REFERENCES accounts (id),
	version    TEXT NOT NULL,
	spec       TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	PRIMARY KEY (account_id, version)
);

CREATE TABLE templates (
	account_id TEXT NOT NULL REFERENCES accounts (id),
	name       TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 63),
	version    TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	PRIMARY KEY (account_id, name),
	FOREIGN KEY (account_id, version) REFERENCES template_versions (account_id, version)
);
