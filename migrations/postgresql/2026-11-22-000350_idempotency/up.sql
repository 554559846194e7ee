-- A form that is sent twice is saved once: the key it was given when it was shown, what was sent with it, and the row
-- that the first time made. Kept for a week.
CREATE TABLE idempotency_keys (
  user_id BIGINT NOT NULL REFERENCES users (id),
  key TEXT NOT NULL,
  sent_sha256 TEXT NOT NULL,
  row_id BIGINT NOT NULL,
  created_at TIMESTAMP NOT NULL,
  PRIMARY KEY (user_id, key)
);
CREATE INDEX idempotency_keys_created_idx ON idempotency_keys (user_id, created_at);
