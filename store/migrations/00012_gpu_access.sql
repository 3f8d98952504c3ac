-- How a host hands GPUs to containers: cdi, nvidia, none or simulated; empty until its agent says.

-- +goose Up
ALTER TABLE hosts ADD COLUMN gpu_access TEXT NOT NULL DEFAULT '';
