-- What people bring to the door beside their password. The secret of an app is encrypted for this row and version;
-- it is asked for once a code of it was seen. No step of the clock opens twice.
CREATE TABLE second_factors (
  user_id BIGINT PRIMARY KEY NOT NULL REFERENCES users (id),
  secret BLOB NOT NULL,
  version BIGINT NOT NULL,
  last_step BIGINT NOT NULL DEFAULT 0,
  created_at TIMESTAMP NOT NULL,
  confirmed_at TIMESTAMP
);

-- Codes for who has lost the app. Only their SHA-256 is stored; each opens once.
CREATE TABLE recovery_codes (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  user_id BIGINT NOT NULL REFERENCES users (id),
  code_hash TEXT NOT NULL,
  created_at TIMESTAMP NOT NULL,
  used_at TIMESTAMP,
  UNIQUE (user_id, code_hash)
);

-- Browsers in which somebody has signed in: wrong passwords are counted apart there. Only the SHA-256 of what a browser
-- keeps is stored.
CREATE TABLE known_browsers (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  user_id BIGINT NOT NULL REFERENCES users (id),
  token_hash TEXT NOT NULL,
  created_at TIMESTAMP NOT NULL,
  expires_at TIMESTAMP NOT NULL,
  UNIQUE (token_hash, user_id)
);
CREATE INDEX known_browsers_user_idx ON known_browsers (user_id, id);

-- Links to choose a new password. Only their SHA-256 is stored; each opens once, and none after the password changed.
CREATE TABLE password_resets (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  user_id BIGINT NOT NULL REFERENCES users (id),
  token_hash TEXT NOT NULL UNIQUE,
  auth_epoch BIGINT NOT NULL,
  created_at TIMESTAMP NOT NULL,
  expires_at TIMESTAMP NOT NULL
);
CREATE INDEX password_resets_user_idx ON password_resets (user_id);
