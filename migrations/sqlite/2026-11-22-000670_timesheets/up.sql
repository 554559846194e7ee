-- Weeks that people hand in and managers approve, and what the agency says about hours. Handed-in and approved weeks and
-- days up to locked_until do not change; whoever runs the agency lifts that for one change, with a reason in the log.
CREATE TABLE time_settings (
  id BIGINT PRIMARY KEY NOT NULL CHECK (id = 1),
  -- Whether one person's hours may overlap.
  overlap TEXT NOT NULL DEFAULT 'allow' CHECK (overlap IN ('allow', 'warn', 'forbid')),
  -- Hours up to this local day are locked. It moves on by itself so many days after the end of a week.
  locked_until DATE,
  lock_after_days BIGINT CHECK (lock_after_days BETWEEN 0 AND 366),
  version BIGINT NOT NULL DEFAULT 1
);
INSERT INTO time_settings (id) VALUES (1);

CREATE TABLE timesheets (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  user_id BIGINT NOT NULL REFERENCES users (id),
  -- Names the week, whatever day it begins on.
  thursday DATE NOT NULL,
  first_on DATE NOT NULL,
  last_on DATE NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('submitted', 'approved', 'reopened')),
  -- What it came to when it was handed in.
  seconds BIGINT NOT NULL,
  submitted_at TIMESTAMP NOT NULL,
  decided_by BIGINT REFERENCES users (id),
  decided_at TIMESTAMP,
  reason TEXT NOT NULL DEFAULT '',
  version BIGINT NOT NULL DEFAULT 1,
  UNIQUE (user_id, thursday),
  UNIQUE (user_id, first_on),
  CHECK (thursday BETWEEN first_on AND last_on)
);
CREATE INDEX timesheets_week_idx ON timesheets (thursday, user_id);

-- Holds a row while a change to locked hours is under way, within one transaction.
CREATE TABLE lifted_locks (
  id BIGINT PRIMARY KEY NOT NULL CHECK (id = 1),
  user_id BIGINT NOT NULL REFERENCES users (id)
);

CREATE TRIGGER time_entries_locked_insert BEFORE INSERT ON time_entries
WHEN NOT EXISTS (SELECT 1 FROM lifted_locks) AND (
  EXISTS (SELECT 1 FROM timesheets WHERE user_id = NEW.user_id AND first_on <= NEW.local_on AND last_on >= NEW.local_on AND status <> 'reopened')
  OR NEW.local_on <= (SELECT locked_until FROM time_settings)) BEGIN
  SELECT RAISE(ABORT, 'bureau: these hours are locked');
END;
-- What still runs may end. Invoices claim locked hours by their own flag.
CREATE TRIGGER time_entries_locked_update BEFORE UPDATE OF user_id, client_id, project_id, task_id, started_at, ended_at, break_seconds,
  duration_seconds, local_on, note, is_billable, rate_cents, cost_rate_cents, amount_cents ON time_entries
WHEN OLD.ended_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM lifted_locks) AND (
  EXISTS (SELECT 1 FROM timesheets WHERE user_id = OLD.user_id AND first_on <= OLD.local_on AND last_on >= OLD.local_on AND status <> 'reopened')
  OR EXISTS (SELECT 1 FROM timesheets WHERE user_id = NEW.user_id AND first_on <= NEW.local_on AND last_on >= NEW.local_on AND status <> 'reopened')
  OR OLD.local_on <= (SELECT locked_until FROM time_settings)
  OR NEW.local_on <= (SELECT locked_until FROM time_settings)) BEGIN
  SELECT RAISE(ABORT, 'bureau: these hours are locked');
END;
CREATE TRIGGER time_entries_locked_delete BEFORE DELETE ON time_entries
WHEN NOT EXISTS (SELECT 1 FROM lifted_locks) AND (
  EXISTS (SELECT 1 FROM timesheets WHERE user_id = OLD.user_id AND first_on <= OLD.local_on AND last_on >= OLD.local_on AND status <> 'reopened')
  OR OLD.local_on <= (SELECT locked_until FROM time_settings)) BEGIN
  SELECT RAISE(ABORT, 'bureau: these hours are locked');
END;
