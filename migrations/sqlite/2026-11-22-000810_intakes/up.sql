-- Links by which a client puts something into the vault without signing in: each takes one answer.
CREATE TABLE credential_intakes (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  token_hash TEXT NOT NULL UNIQUE,
  client_id BIGINT NOT NULL REFERENCES clients (id),
  kind TEXT NOT NULL CHECK (kind IN (
    'login', 'hosting', 'ssh_key', 'database', 'api_key', 'registrar', 'cms', 'wifi', 'note'
  )),
  label TEXT NOT NULL,
  message TEXT NOT NULL,
  access TEXT NOT NULL CHECK (access IN ('team', 'client', 'named')),
  created_by BIGINT NOT NULL REFERENCES users (id),
  created_at TIMESTAMP NOT NULL,
  expires_at TIMESTAMP NOT NULL,
  answered_at TIMESTAMP,
  credential_id BIGINT REFERENCES credentials (id) ON DELETE SET NULL,
  withdrawn_at TIMESTAMP,
  CHECK (answered_at IS NULL OR withdrawn_at IS NULL)
);
CREATE INDEX credential_intakes_open_idx ON credential_intakes (id) WHERE answered_at IS NULL AND withdrawn_at IS NULL;
CREATE INDEX credential_intakes_author_idx ON credential_intakes (created_by, id) WHERE answered_at IS NULL AND withdrawn_at IS NULL;
CREATE INDEX credential_intakes_credential_idx ON credential_intakes (credential_id);
CREATE INDEX credential_intakes_client_idx ON credential_intakes (client_id);
