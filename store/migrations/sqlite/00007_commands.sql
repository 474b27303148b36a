-- +goose Up
-- What staff note for colleagues, and what single commands need beside the common columns.
ALTER TABLE commands ADD COLUMN note text NOT NULL DEFAULT '';
ALTER TABLE commands ADD COLUMN details text NOT NULL DEFAULT '{}';
