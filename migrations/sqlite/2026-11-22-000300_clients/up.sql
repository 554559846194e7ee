-- The companies we work for. search_text and name_key are folded (case, accents) by the model.
CREATE TABLE clients (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  search_text TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('lead', 'active', 'paused', 'archived')),
  email TEXT NOT NULL DEFAULT '',
  phone TEXT NOT NULL DEFAULT '',
  website TEXT NOT NULL DEFAULT '',
  tax_id TEXT NOT NULL DEFAULT '',
  street TEXT NOT NULL DEFAULT '',
  postal_code TEXT NOT NULL DEFAULT '',
  city TEXT NOT NULL DEFAULT '',
  region TEXT NOT NULL DEFAULT '',
  country TEXT NOT NULL DEFAULT '',
  -- Where letters go when that is not the billing address above.
  postal_address TEXT NOT NULL DEFAULT '',
  language TEXT NOT NULL,
  currency TEXT NOT NULL,
  -- NULL follows the agency.
  payment_terms_kind TEXT NOT NULL DEFAULT 'net' CHECK (payment_terms_kind IN ('net', 'end_of_month')),
  payment_terms_days BIGINT CHECK (payment_terms_days BETWEEN 0 AND 365),
  tax_rate_millis BIGINT CHECK (tax_rate_millis BETWEEN 0 AND 100000),
  notes TEXT NOT NULL DEFAULT '',
  archived_at TIMESTAMP,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  version BIGINT NOT NULL DEFAULT 1,
  -- What restoring it brings back.
  archived_from TEXT CHECK (archived_from IN ('lead', 'active', 'paused')),
  CHECK ((status = 'archived') = (archived_at IS NOT NULL))
);
CREATE INDEX clients_name_idx ON clients (name_key, id);
-- For every choice of a client: walked without a look at the table. SQLite needs the column of the condition for it,
-- here and wherever a partial index ends with one.
CREATE INDEX clients_choice_idx ON clients (name_key, id, name, archived_at) WHERE archived_at IS NULL;
CREATE INDEX clients_status_idx ON clients (status, name_key, id);
CREATE INDEX clients_created_idx ON clients (created_at, id);
CREATE INDEX clients_tax_id_idx ON clients (tax_id);

CREATE TABLE contacts (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  client_id BIGINT NOT NULL REFERENCES clients (id),
  name TEXT NOT NULL,
  job_title TEXT NOT NULL DEFAULT '',
  email TEXT NOT NULL DEFAULT '',
  phone TEXT NOT NULL DEFAULT '',
  is_billing BOOLEAN NOT NULL DEFAULT FALSE,
  is_technical BOOLEAN NOT NULL DEFAULT FALSE,
  is_owner BOOLEAN NOT NULL DEFAULT FALSE,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  version BIGINT NOT NULL DEFAULT 1
);
CREATE INDEX contacts_client_idx ON contacts (client_id, id);

-- Choices are kept until a version moves.
CREATE INDEX clients_version_idx ON clients (version);
CREATE TRIGGER clients_choice_version BEFORE UPDATE OF name, name_key, archived_at ON clients
WHEN NEW.version <= OLD.version
BEGIN SELECT RAISE(ABORT, 'bureau: a change of what choices show counts up the version'); END;
