-- What follows from what GPUs report by themselves.

-- +goose Up
ALTER TABLE gpu_cares ADD COLUMN drains BOOLEAN NOT NULL DEFAULT FALSE; -- what runs on the GPU is moved away first
ALTER TABLE gpu_cares ADD COLUMN broken BOOLEAN NOT NULL DEFAULT FALSE; -- what runs on it has failed: workers are not replaced first
ALTER TABLE gpu_cares ADD COLUMN rule TEXT NOT NULL DEFAULT ''; -- that the watch went by
ALTER TABLE gpu_cares ADD COLUMN reason TEXT NOT NULL DEFAULT ''; -- what it saw
ALTER TABLE gpu_cares ADD COLUMN eta BIGINT NOT NULL DEFAULT 0; -- when what is done now will be done, as far as that can be told
ALTER TABLE gpu_cares ADD COLUMN cancelled_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE gpu_cares ADD COLUMN cancelled_by TEXT NOT NULL DEFAULT '';

ALTER TABLE gpus ADD COLUMN reset_later BOOLEAN NOT NULL DEFAULT FALSE; -- it is to be reset when its tenant is gone
ALTER TABLE instances ADD COLUMN remade_at BIGINT NOT NULL DEFAULT 0; -- when its container was last made anew because it had lost its GPUs
