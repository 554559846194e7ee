-- Links that show a secret to somebody outside. What is sealed opens with a key that stands in the link alone; it is gone
-- with the last view, the last day, or when the link is withdrawn.
CREATE TABLE credential_shares (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  token_hash TEXT NOT NULL UNIQUE,
  credential_id BIGINT NOT NULL REFERENCES credentials (id) ON DELETE CASCADE,
  field TEXT NOT NULL,
  secret_version BIGINT NOT NULL,
  recipient TEXT NOT NULL,
  sealed BLOB,
  views_left BIGINT NOT NULL CHECK (views_left >= 0),
  expires_at TIMESTAMP NOT NULL,
  created_by BIGINT NOT NULL REFERENCES users (id),
  created_at TIMESTAMP NOT NULL,
  CHECK (sealed IS NOT NULL OR views_left = 0)
);
CREATE INDEX credential_shares_credential_idx ON credential_shares (credential_id, id);
CREATE INDEX credential_shares_expiry_idx ON credential_shares (expires_at) WHERE sealed IS NOT NULL;
