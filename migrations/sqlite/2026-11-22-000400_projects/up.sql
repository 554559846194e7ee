-- Pieces of work for a client, each with one way of billing; hours refer to them, so they are archived, not deleted.
CREATE TABLE projects (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  client_id BIGINT NOT NULL REFERENCES clients (id),
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('active', 'paused', 'done', 'archived')),
  billing_model TEXT NOT NULL CHECK (billing_model IN ('hourly', 'fixed_price', 'retainer', 'milestones', 'non_billable')),
  -- What a fixed price is.
  price_cents BIGINT CHECK (price_cents >= 0),
  budget_seconds BIGINT CHECK (budget_seconds >= 0),
  budget_cents BIGINT CHECK (budget_cents >= 0),
  starts_on DATE,
  due_on DATE,
  description TEXT NOT NULL DEFAULT '',
  color TEXT NOT NULL DEFAULT 'c1' CHECK (color IN ('c1', 'c2', 'c3', 'c4', 'c5', 'c6')),
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  version BIGINT NOT NULL DEFAULT 1,
  -- What hours and tasks refer to, so that none can end up with another client than its project.
  UNIQUE (id, client_id),
  CHECK (due_on >= starts_on),
  CHECK (price_cents IS NULL OR billing_model = 'fixed_price')
);
CREATE INDEX projects_name_idx ON projects (name_key, id);
CREATE INDEX projects_client_idx ON projects (client_id, name_key, id);
CREATE INDEX projects_status_idx ON projects (status, name_key, id);

-- Choices are kept until a version moves.
CREATE INDEX projects_version_idx ON projects (version);
CREATE TRIGGER projects_choice_version BEFORE UPDATE OF name, name_key, client_id, status, billing_model ON projects
WHEN NEW.version <= OLD.version
BEGIN SELECT RAISE(ABORT, 'bureau: a change of what choices show counts up the version'); END;
