-- The name by which a person's devices know them: random, so that it tells nobody who they are, and the same for all
-- of their passkeys.
CREATE TABLE passkey_handles (
  user_id BIGINT PRIMARY KEY NOT NULL REFERENCES users (id),
  handle TEXT NOT NULL UNIQUE
);

-- Keys that a device keeps and that sign in. Only their public half is here, with the counter of the device.
CREATE TABLE passkeys (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  user_id BIGINT NOT NULL REFERENCES users (id),
  name TEXT NOT NULL,
  credential_id TEXT NOT NULL UNIQUE,
  credential TEXT NOT NULL,
  created_at TIMESTAMP NOT NULL,
  last_used_at TIMESTAMP
);
CREATE INDEX passkeys_user_idx ON passkeys (user_id, id);

-- Challenges that wait for their answer, each for one. Without a person it is for whoever signs in with a passkey.
CREATE TABLE passkey_ceremonies (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  token_hash TEXT NOT NULL UNIQUE,
  user_id BIGINT REFERENCES users (id),
  state TEXT NOT NULL,
  expires_at TIMESTAMP NOT NULL
);
CREATE INDEX passkey_ceremonies_user_idx ON passkey_ceremonies (user_id);
CREATE INDEX passkey_ceremonies_expiry_idx ON passkey_ceremonies (expires_at);
