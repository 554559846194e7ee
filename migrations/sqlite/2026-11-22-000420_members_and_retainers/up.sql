-- Who is on a project. What an hour of them costs there is among the rates.
CREATE TABLE project_members (
  project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  user_id BIGINT NOT NULL REFERENCES users (id),
  created_at TIMESTAMP NOT NULL,
  PRIMARY KEY (project_id, user_id)
);
CREATE INDEX project_members_user_idx ON project_members (user_id, project_id);

-- Who works for a client as a whole, on all of its projects. Contractors see what they are assigned to and nothing else.
CREATE TABLE client_members (
  client_id BIGINT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
  user_id BIGINT NOT NULL REFERENCES users (id),
  created_at TIMESTAMP NOT NULL,
  PRIMARY KEY (client_id, user_id)
);
CREATE INDEX client_members_user_idx ON client_members (user_id, client_id);

-- Work that is granted by the period: hours (in seconds) or money (in minor units). NULL for a cap, an expiry or an
-- overage rate means that there is none.
CREATE TABLE retainers (
  project_id BIGINT PRIMARY KEY NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  unit TEXT NOT NULL CHECK (unit IN ('hours', 'money')),
  period TEXT NOT NULL CHECK (period IN ('week', 'month', 'quarter')),
  starts_on DATE NOT NULL,
  granted BIGINT NOT NULL CHECK (granted > 0),
  -- What a period is charged with.
  fee_cents BIGINT CHECK (fee_cents >= 0),
  -- The most that rolls over; 0 is nothing.
  roll_cap BIGINT CHECK (roll_cap >= 0),
  -- Periods after which what rolled over is lost.
  expires_after BIGINT CHECK (expires_after BETWEEN 1 AND 120),
  -- What an hour beyond what was granted costs; NULL takes it from the next period instead.
  overage_rate_cents BIGINT CHECK (overage_rate_cents >= 0),
  note TEXT NOT NULL DEFAULT '',
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  version BIGINT NOT NULL DEFAULT 1
);

-- A period that is closed: its numbers stay, and what is logged in it later counts as an adjustment of the next one.
CREATE TABLE retainer_periods (
  project_id BIGINT NOT NULL REFERENCES retainers (project_id),
  -- From 0.
  seq BIGINT NOT NULL CHECK (seq >= 0),
  starts_on DATE NOT NULL,
  ends_on DATE NOT NULL,
  granted BIGINT NOT NULL,
  carried_in BIGINT NOT NULL,
  debt_in BIGINT NOT NULL,
  used BIGINT NOT NULL,
  adjusted BIGINT NOT NULL,
  expired BIGINT NOT NULL,
  carried_out BIGINT NOT NULL,
  debt_out BIGINT NOT NULL,
  overage BIGINT NOT NULL,
  overage_cents BIGINT NOT NULL,
  fee_cents BIGINT NOT NULL,
  closed_by BIGINT NOT NULL REFERENCES users (id),
  closed_at TIMESTAMP NOT NULL,
  PRIMARY KEY (project_id, seq),
  CHECK (ends_on >= starts_on),
  -- Nothing is lost and nothing comes from nowhere.
  CHECK (granted + carried_in + overage + debt_out = used + adjusted + debt_in + expired + carried_out)
);

-- What a closed period passed on, by the period that had granted it: the oldest is used first.
CREATE TABLE retainer_carries (
  project_id BIGINT NOT NULL REFERENCES retainers (project_id),
  seq BIGINT NOT NULL,
  granted_seq BIGINT NOT NULL,
  amount BIGINT NOT NULL CHECK (amount > 0),
  PRIMARY KEY (project_id, seq, granted_seq)
);

-- What a period is charged with: its fee, and what was used beyond what it granted. Each is there once; is_unbilled is
-- held true by the triggers on the claims.
CREATE TABLE retainer_charges (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  project_id BIGINT NOT NULL REFERENCES retainers (project_id),
  seq BIGINT NOT NULL CHECK (seq >= 0),
  kind TEXT NOT NULL CHECK (kind IN ('fee', 'overage')),
  title TEXT NOT NULL,
  starts_on DATE NOT NULL,
  ends_on DATE NOT NULL,
  -- The day from which it can be billed.
  charged_on DATE NOT NULL,
  amount_cents BIGINT NOT NULL CHECK (amount_cents > 0),
  is_unbilled BOOLEAN NOT NULL DEFAULT TRUE,
  created_at TIMESTAMP NOT NULL,
  UNIQUE (project_id, seq, kind)
);
CREATE INDEX retainer_charges_unbilled_idx ON retainer_charges (project_id, charged_on, id, is_unbilled) WHERE is_unbilled;

CREATE TRIGGER retainer_periods_no_update BEFORE UPDATE ON retainer_periods BEGIN
  SELECT RAISE(ABORT, 'bureau: a closed period stays as it is');
END;
CREATE TRIGGER retainer_periods_no_delete BEFORE DELETE ON retainer_periods BEGIN
  SELECT RAISE(ABORT, 'bureau: a closed period stays as it is');
END;
CREATE TRIGGER retainer_carries_no_update BEFORE UPDATE ON retainer_carries BEGIN
  SELECT RAISE(ABORT, 'bureau: a closed period stays as it is');
END;
CREATE TRIGGER retainer_carries_no_delete BEFORE DELETE ON retainer_carries BEGIN
  SELECT RAISE(ABORT, 'bureau: a closed period stays as it is');
END;
CREATE TRIGGER retainer_periods_no_replace BEFORE INSERT ON retainer_periods
WHEN EXISTS (SELECT 1 FROM retainer_periods WHERE project_id = NEW.project_id AND seq = NEW.seq) BEGIN
  SELECT RAISE(ABORT, 'bureau: a closed period stays as it is');
END;
CREATE TRIGGER retainer_carries_no_replace BEFORE INSERT ON retainer_carries
WHEN EXISTS (SELECT 1 FROM retainer_carries WHERE project_id = NEW.project_id AND seq = NEW.seq AND granted_seq = NEW.granted_seq) BEGIN
  SELECT RAISE(ABORT, 'bureau: a closed period stays as it is');
END;
CREATE TRIGGER retainer_charges_kept BEFORE UPDATE OF id, project_id, seq, kind, title, starts_on, ends_on, charged_on, amount_cents ON retainer_charges BEGIN
  SELECT RAISE(ABORT, 'bureau: what a period is charged with stays as it is');
END;
CREATE TRIGGER retainer_charges_no_delete BEFORE DELETE ON retainer_charges BEGIN
  SELECT RAISE(ABORT, 'bureau: what a period is charged with stays as it is');
END;
CREATE TRIGGER retainer_charges_no_replace BEFORE INSERT ON retainer_charges
WHEN EXISTS (SELECT 1 FROM retainer_charges WHERE id = NEW.id OR (project_id = NEW.project_id AND seq = NEW.seq AND kind = NEW.kind)) BEGIN
  SELECT RAISE(ABORT, 'bureau: a period is charged once');
END;
