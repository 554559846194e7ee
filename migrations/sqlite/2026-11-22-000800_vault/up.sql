-- What opens a client's sites. What may be searched and shown stands in the row; what must not is in envelopes, each
-- version of each secret under a key of its own.
CREATE TABLE credentials (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  -- A random name that envelopes are bound to; known before the row is.
  record_key TEXT NOT NULL UNIQUE,
  client_id BIGINT NOT NULL REFERENCES clients (id),
  kind TEXT NOT NULL CHECK (kind IN (
    'login', 'hosting', 'ssh_key', 'database', 'api_key', 'registrar', 'cms', 'wifi', 'note'
  )),
  label TEXT NOT NULL,
  label_key TEXT NOT NULL,
  search_text TEXT NOT NULL,
  username TEXT NOT NULL,
  urls TEXT NOT NULL,
  tags TEXT NOT NULL,
  access TEXT NOT NULL CHECK (access IN ('team', 'client', 'named')),
  expires_on DATE,
  rotate_every_days BIGINT CHECK (rotate_every_days > 0),
  last_reveal_id BIGINT,
  archived_at TIMESTAMP,
  created_by BIGINT NOT NULL REFERENCES users (id),
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  version BIGINT NOT NULL DEFAULT 1
);
CREATE INDEX credentials_label_idx ON credentials (label_key, id) WHERE archived_at IS NULL;
CREATE INDEX credentials_client_idx ON credentials (client_id, label_key, id) WHERE archived_at IS NULL;
CREATE INDEX credentials_kind_idx ON credentials (kind, label_key, id) WHERE archived_at IS NULL;
CREATE INDEX credentials_archived_idx ON credentials (label_key, id) WHERE archived_at IS NOT NULL;
CREATE INDEX credentials_of_client_idx ON credentials (client_id);

CREATE TABLE credential_secrets (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  credential_id BIGINT NOT NULL REFERENCES credentials (id) ON DELETE CASCADE,
  -- 'secret', 'totp', 'notes', or 'custom:' and a name.
  field TEXT NOT NULL,
  version BIGINT NOT NULL CHECK (version > 0),
  envelope BLOB NOT NULL,
  -- The number of the vault's key that wraps this envelope's own.
  kek_id BIGINT NOT NULL CHECK (kek_id > 0),
  -- Equal for equal passwords, and of no use without the master key.
  fingerprint TEXT,
  -- From 0, guessed at once, to 4.
  strength BIGINT CHECK (strength BETWEEN 0 AND 4),
  created_by BIGINT NOT NULL REFERENCES users (id),
  created_at TIMESTAMP NOT NULL,
  replaced_at TIMESTAMP,
  UNIQUE (credential_id, field, version)
);
CREATE UNIQUE INDEX credential_secrets_current_idx ON credential_secrets (credential_id, field) WHERE replaced_at IS NULL;
CREATE INDEX credential_secrets_fingerprint_idx ON credential_secrets (fingerprint, credential_id) WHERE replaced_at IS NULL;
CREATE INDEX credential_secrets_kek_idx ON credential_secrets (kek_id, id);

-- Who may open what only named people may.
CREATE TABLE credential_grants (
  credential_id BIGINT NOT NULL REFERENCES credentials (id) ON DELETE CASCADE,
  user_id BIGINT NOT NULL REFERENCES users (id),
  created_at TIMESTAMP NOT NULL,
  PRIMARY KEY (credential_id, user_id)
);
CREATE INDEX credential_grants_user_idx ON credential_grants (user_id, credential_id);

-- Every look at a secret. It outlives the credential, so it does not refer to it.
CREATE TABLE credential_reveals (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  credential_id BIGINT NOT NULL,
  user_id BIGINT NOT NULL REFERENCES users (id),
  field TEXT NOT NULL,
  secret_version BIGINT NOT NULL,
  is_copy BOOLEAN NOT NULL,
  reason TEXT NOT NULL,
  revealed_at TIMESTAMP NOT NULL
);
CREATE INDEX credential_reveals_credential_idx ON credential_reveals (credential_id, id);
CREATE INDEX credential_reveals_user_idx ON credential_reveals (user_id, revealed_at);

-- The task by which a secret that somebody knew is changed.
CREATE TABLE credential_rotations (
  credential_id BIGINT NOT NULL REFERENCES credentials (id) ON DELETE CASCADE,
  field TEXT NOT NULL,
  secret_version BIGINT NOT NULL,
  task_id BIGINT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  user_id BIGINT NOT NULL REFERENCES users (id),
  created_at TIMESTAMP NOT NULL,
  PRIMARY KEY (credential_id, field, secret_version)
);
CREATE INDEX credential_rotations_task_idx ON credential_rotations (task_id);

-- Keys of the vault after the first, which is made of the master key. Each has a file of its own beside that.
CREATE TABLE vault_keys (
  id BIGINT PRIMARY KEY NOT NULL CHECK (id > 1),
  check_value TEXT NOT NULL,
  created_at TIMESTAMP NOT NULL
);

-- A stored secret stays as it is: it may be replaced once, and wrapped by a later key.
CREATE TRIGGER credential_secrets_frozen BEFORE UPDATE ON credential_secrets
WHEN NEW.id <> OLD.id OR NEW.credential_id <> OLD.credential_id OR NEW.field <> OLD.field OR NEW.version <> OLD.version
  OR NEW.fingerprint IS NOT OLD.fingerprint OR NEW.strength IS NOT OLD.strength OR NEW.created_by <> OLD.created_by
  OR NEW.created_at <> OLD.created_at OR (OLD.replaced_at IS NOT NULL AND NEW.replaced_at IS NOT OLD.replaced_at)
  OR (NEW.envelope <> OLD.envelope AND NEW.kek_id <= OLD.kek_id) BEGIN
  SELECT RAISE(ABORT, 'bureau: a stored secret is replaced, never changed');
END;
CREATE TRIGGER credential_secrets_kept BEFORE DELETE ON credential_secrets
WHEN EXISTS (SELECT 1 FROM credentials WHERE id = OLD.credential_id) BEGIN
  SELECT RAISE(ABORT, 'bureau: a stored secret is replaced, never deleted');
END;
CREATE TRIGGER credential_secrets_no_replace BEFORE INSERT ON credential_secrets
WHEN EXISTS (SELECT 1 FROM credential_secrets WHERE id = NEW.id) BEGIN
  SELECT RAISE(ABORT, 'bureau: a stored secret is replaced, never changed');
END;
CREATE TRIGGER credential_reveals_no_update BEFORE UPDATE ON credential_reveals BEGIN
  SELECT RAISE(ABORT, 'bureau: what was looked at stays on record');
END;
CREATE TRIGGER credential_reveals_no_delete BEFORE DELETE ON credential_reveals BEGIN
  SELECT RAISE(ABORT, 'bureau: what was looked at stays on record');
END;
CREATE TRIGGER credential_reveals_no_replace BEFORE INSERT ON credential_reveals
WHEN EXISTS (SELECT 1 FROM credential_reveals WHERE id = NEW.id) BEGIN
  SELECT RAISE(ABORT, 'bureau: what was looked at stays on record');
END;
