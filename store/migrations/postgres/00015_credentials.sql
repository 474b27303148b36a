-- +goose Up
-- When staff ended the client_secret, before its time.
ALTER TABLE onboardings ADD COLUMN secret_revoked_at timestamptz;

-- The effect of the command was there already: it changed nothing.
ALTER TABLE commands ADD COLUMN redundant boolean NOT NULL DEFAULT false;

-- Streams that a session or an API key opened learn in every process that it ended;
-- the payload is its id.
-- +goose StatementBegin
CREATE FUNCTION slipway_credential_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('slipway_onboarding', OLD.id);
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER sessions_ended AFTER DELETE ON sessions
    FOR EACH ROW EXECUTE FUNCTION slipway_credential_ended();
CREATE TRIGGER api_keys_revoked AFTER UPDATE OF revoked_at ON api_keys
    FOR EACH ROW WHEN (NEW.revoked_at IS NOT NULL) EXECUTE FUNCTION slipway_credential_ended();
