-- Who we are and who may come in. One agency per installation, held by the fixed primary key:
-- of ten parallel first setups nine fail here.
CREATE TABLE agency (
  id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
  name TEXT NOT NULL,
  street TEXT NOT NULL DEFAULT '',
  postal_code TEXT NOT NULL DEFAULT '',
  city TEXT NOT NULL DEFAULT '',
  region TEXT NOT NULL DEFAULT '',
  country TEXT NOT NULL DEFAULT '',
  tax_id TEXT NOT NULL DEFAULT '',
  email TEXT NOT NULL DEFAULT '',
  phone TEXT NOT NULL DEFAULT '',
  website TEXT NOT NULL DEFAULT '',
  currency TEXT NOT NULL,
  time_zone TEXT NOT NULL,
  -- Days after the issue date, or after the end of its month.
  payment_terms_kind TEXT NOT NULL DEFAULT 'net' CHECK (payment_terms_kind IN ('net', 'end_of_month')),
  payment_terms_days BIGINT NOT NULL CHECK (payment_terms_days BETWEEN 0 AND 365),
  -- What the tax is called on documents ("VAT"), and a second one on the same price, where there is one.
  tax_name TEXT NOT NULL DEFAULT '',
  second_tax_name TEXT NOT NULL DEFAULT '',
  second_tax_rate_millis BIGINT NOT NULL DEFAULT 0 CHECK (second_tax_rate_millis BETWEEN 0 AND 100000),
  prices_include_tax BOOLEAN NOT NULL DEFAULT FALSE,
  -- The smallest coin that totals in the agency's currency are rounded to; 1 does not round.
  rounding_step_cents BIGINT NOT NULL DEFAULT 1 CHECK (rounding_step_cents BETWEEN 1 AND 1000),
  paper TEXT NOT NULL DEFAULT 'a4' CHECK (paper IN ('a4', 'letter')),
  tax_rate_millis BIGINT NOT NULL CHECK (tax_rate_millis BETWEEN 0 AND 100000),
  invoice_terms TEXT NOT NULL DEFAULT '',
  invoice_footer TEXT NOT NULL DEFAULT '',
  bank_name TEXT NOT NULL DEFAULT '',
  bank_holder TEXT NOT NULL DEFAULT '',
  iban TEXT NOT NULL DEFAULT '',
  bic TEXT NOT NULL DEFAULT '',
  logo BLOB,
  logo_type TEXT,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  version BIGINT NOT NULL DEFAULT 1
);

-- An id that was named once is never given to another row: hence AUTOINCREMENT, here and wherever rows can go.
CREATE TABLE users (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  email TEXT NOT NULL,
  name TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'manager', 'member', 'contractor', 'bookkeeper')),
  password_hash TEXT,
  time_zone TEXT NOT NULL,
  -- Whether single keys are shortcuts for them.
  has_shortcuts BOOLEAN NOT NULL DEFAULT TRUE,
  -- On which day weeks begin for them.
  week_starts_on TEXT NOT NULL DEFAULT 'monday' CHECK (week_starts_on IN ('monday', 'sunday', 'saturday')),
  -- How many seconds they mean to work in a week, spread over five days; NULL says nothing.
  week_target_seconds BIGINT CHECK (week_target_seconds BETWEEN 1 AND 604800),
  -- A session or token is good only while its epoch equals this one.
  auth_epoch BIGINT NOT NULL DEFAULT 1,
  disabled_at TIMESTAMP,
  -- The last day, in the agency's zone, on which a contractor may come in.
  access_ends_on DATE CHECK (access_ends_on IS NULL OR role = 'contractor'),
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  version BIGINT NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX users_email_key ON users (lower(email));
CREATE INDEX users_choice_idx ON users (name, id, disabled_at) WHERE disabled_at IS NULL;

-- Only the SHA-256 of a session key is stored; whom it belongs to and until when are columns.
CREATE TABLE sessions (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  key_hash TEXT NOT NULL UNIQUE,
  user_id BIGINT NOT NULL REFERENCES users (id),
  auth_epoch BIGINT NOT NULL,
  ip TEXT NOT NULL DEFAULT '',
  user_agent TEXT NOT NULL DEFAULT '',
  created_at TIMESTAMP NOT NULL,
  last_seen_at TIMESTAMP NOT NULL,
  expires_at TIMESTAMP NOT NULL,
  -- Whether the second factor is still to come; such a session opens nothing.
  is_half BOOLEAN NOT NULL DEFAULT FALSE,
  -- When their person last proved that it is them, for what is sensitive.
  stepped_up_at TIMESTAMP,
  revoked_at TIMESTAMP
);
CREATE INDEX sessions_user_idx ON sessions (user_id, last_seen_at, id);
CREATE INDEX sessions_expires_idx ON sessions (expires_at);

CREATE TABLE api_tokens (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  user_id BIGINT NOT NULL REFERENCES users (id),
  name TEXT NOT NULL,
  token_hash TEXT NOT NULL UNIQUE,
  -- "clients:read tasks:write"; empty opens all that its owner may do.
  scopes TEXT NOT NULL DEFAULT '',
  auth_epoch BIGINT NOT NULL,
  created_at TIMESTAMP NOT NULL,
  last_used_at TIMESTAMP,
  expires_at TIMESTAMP,
  revoked_at TIMESTAMP
);
CREATE INDEX api_tokens_user_idx ON api_tokens (user_id);

-- Failed sign-ins by account and by address; the subject is hashed, so no list of tried e-mails is kept.
CREATE TABLE sign_in_throttles (
  subject_hash TEXT PRIMARY KEY NOT NULL,
  failures BIGINT NOT NULL,
  last_failed_at TIMESTAMP NOT NULL,
  blocked_until TIMESTAMP
);
CREATE INDEX sign_in_throttles_failed_idx ON sign_in_throttles (last_failed_at);

-- Proof that the master key in hand is the one this database was made with.
CREATE TABLE master_keys (
  id INTEGER PRIMARY KEY NOT NULL,
  install_id TEXT NOT NULL,
  check_value TEXT NOT NULL,
  created_at TIMESTAMP NOT NULL
);
