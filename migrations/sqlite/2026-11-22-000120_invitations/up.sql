-- Who was asked to join, by a link that opens once. Only its SHA-256 is stored.
CREATE TABLE invitations (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  email TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'manager', 'member', 'contractor', 'bookkeeper')),
  token_hash TEXT NOT NULL UNIQUE,
  invited_by BIGINT NOT NULL REFERENCES users (id),
  created_at TIMESTAMP NOT NULL,
  expires_at TIMESTAMP NOT NULL,
  withdrawn_at TIMESTAMP,
  accepted_at TIMESTAMP,
  user_id BIGINT UNIQUE REFERENCES users (id),
  CHECK ((accepted_at IS NULL) = (user_id IS NULL)),
  CHECK (accepted_at IS NULL OR withdrawn_at IS NULL)
);
CREATE UNIQUE INDEX invitations_open_key ON invitations (email) WHERE accepted_at IS NULL AND withdrawn_at IS NULL;

-- Somebody must be able to come in who may do everything.
CREATE TRIGGER users_last_owner BEFORE UPDATE OF role, disabled_at ON users
WHEN OLD.role = 'owner' AND OLD.disabled_at IS NULL AND (NEW.role <> 'owner' OR NEW.disabled_at IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM users WHERE role = 'owner' AND disabled_at IS NULL AND id <> OLD.id) BEGIN
  SELECT RAISE(ABORT, 'bureau: at least one owner must remain');
END;
CREATE TRIGGER users_kept BEFORE DELETE ON users BEGIN
  SELECT RAISE(ABORT, 'bureau: people are disabled, not deleted');
END;
