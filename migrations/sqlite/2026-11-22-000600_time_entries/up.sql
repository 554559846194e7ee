-- An hour somebody worked: UTC instants, the zone they were entered in, and the local day they belong to.
-- duration_seconds is raw (end minus start minus break) and never rounded. amount_cents is the entry's
-- own value at its stored rate; an invoice line prices the sum of its seconds instead.
CREATE TABLE time_entries (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  user_id BIGINT NOT NULL REFERENCES users (id),
  client_id BIGINT NOT NULL REFERENCES clients (id),
  project_id BIGINT NOT NULL,
  task_id BIGINT,
  started_at TIMESTAMP NOT NULL,
  ended_at TIMESTAMP,
  break_seconds BIGINT NOT NULL DEFAULT 0 CHECK (break_seconds >= 0),
  duration_seconds BIGINT NOT NULL DEFAULT 0 CHECK (duration_seconds >= 0),
  time_zone TEXT NOT NULL,
  local_on DATE NOT NULL,
  note TEXT NOT NULL DEFAULT '',
  is_billable BOOLEAN NOT NULL,
  rate_cents BIGINT CHECK (rate_cents >= 0),
  rate_source TEXT NOT NULL DEFAULT '',
  cost_rate_cents BIGINT CHECK (cost_rate_cents >= 0),
  cost_rate_source TEXT NOT NULL DEFAULT '',
  amount_cents BIGINT NOT NULL DEFAULT 0 CHECK (amount_cents >= 0),
  -- Billable, finished, and neither claimed nor written off. Held true by the triggers on those two tables.
  is_unbilled BOOLEAN NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  version BIGINT NOT NULL DEFAULT 1,
  -- Without cascade: neither a project nor a task with hours moves.
  FOREIGN KEY (project_id, client_id) REFERENCES projects (id, client_id),
  FOREIGN KEY (task_id, project_id) REFERENCES tasks (id, project_id),
  CHECK (ended_at >= started_at),
  CHECK (is_billable OR NOT is_unbilled),
  CHECK (ended_at IS NOT NULL OR NOT is_unbilled)
);
-- One running timer per person.
CREATE UNIQUE INDEX time_entries_running_key ON time_entries (user_id) WHERE ended_at IS NULL;
CREATE INDEX time_entries_order_idx ON time_entries (local_on, id);
CREATE INDEX time_entries_user_idx ON time_entries (user_id, local_on, id);
CREATE INDEX time_entries_client_idx ON time_entries (client_id, local_on, id);
CREATE INDEX time_entries_project_idx ON time_entries (project_id, local_on, id);
CREATE INDEX time_entries_task_idx ON time_entries (task_id, local_on, id, duration_seconds);
CREATE INDEX time_entries_unbilled_idx ON time_entries (client_id, project_id, local_on, id, duration_seconds, amount_cents, is_unbilled)
  WHERE is_unbilled;
CREATE INDEX time_entries_unbilled_unpriced_idx ON time_entries (local_on, id) WHERE is_unbilled AND rate_cents IS NULL;
-- REPLACE would delete hours, billed ones too, without a trigger for it being asked.
CREATE TRIGGER time_entries_no_replace BEFORE INSERT ON time_entries
WHEN EXISTS (SELECT 1 FROM time_entries WHERE id = NEW.id) BEGIN
  SELECT RAISE(ABORT, 'bureau: hours are changed, never replaced');
END;
CREATE TRIGGER time_entries_no_replace_id BEFORE UPDATE OF id ON time_entries WHEN NEW.id IS NOT OLD.id BEGIN
  SELECT RAISE(ABORT, 'bureau: hours are changed, never replaced');
END;

-- Hours we decided not to bill, and why.
CREATE TABLE time_write_offs (
  time_entry_id BIGINT PRIMARY KEY NOT NULL REFERENCES time_entries (id),
  reason TEXT NOT NULL,
  created_by BIGINT NOT NULL REFERENCES users (id),
  created_at TIMESTAMP NOT NULL
);

CREATE TRIGGER time_write_offs_free BEFORE INSERT ON time_write_offs
WHEN NOT (SELECT is_unbilled FROM time_entries WHERE id = NEW.time_entry_id) BEGIN
  SELECT RAISE(ABORT, 'bureau: these hours are not free to be written off');
END;
CREATE TRIGGER time_write_offs_no_update BEFORE UPDATE ON time_write_offs BEGIN
  SELECT RAISE(ABORT, 'bureau: a write-off is taken back and made anew, never changed');
END;
CREATE TRIGGER time_write_offs_settle AFTER INSERT ON time_write_offs BEGIN
  UPDATE time_entries SET is_unbilled = FALSE WHERE id = NEW.time_entry_id;
END;
CREATE TRIGGER time_write_offs_release AFTER DELETE ON time_write_offs BEGIN
  UPDATE time_entries SET is_unbilled = TRUE WHERE id = OLD.time_entry_id;
END;

-- What a project's hours add up to, so that no page adds up a large table. The doctor adds them up anew. cents and
-- billable_seconds are what is billable; value_cents what all hours are worth at their price, billable or not, as a fixed
-- price is measured by; cost_cents what they cost us, and uncosted_seconds those of which nobody knows.
CREATE TABLE project_hours (
  project_id BIGINT PRIMARY KEY NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  seconds BIGINT NOT NULL DEFAULT 0,
  billable_seconds BIGINT NOT NULL DEFAULT 0,
  cents BIGINT NOT NULL DEFAULT 0,
  value_cents BIGINT NOT NULL DEFAULT 0,
  cost_cents BIGINT NOT NULL DEFAULT 0,
  uncosted_seconds BIGINT NOT NULL DEFAULT 0,
  unbilled_entries BIGINT NOT NULL DEFAULT 0,
  unbilled_seconds BIGINT NOT NULL DEFAULT 0,
  unbilled_cents BIGINT NOT NULL DEFAULT 0
);
-- The same by week, from Monday, for what is drawn over time.
CREATE TABLE project_weeks (
  project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  week_on DATE NOT NULL,
  seconds BIGINT NOT NULL DEFAULT 0,
  cents BIGINT NOT NULL DEFAULT 0,
  value_cents BIGINT NOT NULL DEFAULT 0,
  cost_cents BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (project_id, week_on)
);
CREATE INDEX project_weeks_week_idx ON project_weeks (week_on, project_id, seconds, cents);
CREATE TRIGGER projects_begin_hours AFTER INSERT ON projects BEGIN
  INSERT INTO project_hours (project_id) VALUES (NEW.id);
END;
CREATE TRIGGER time_entries_add_up_insert AFTER INSERT ON time_entries BEGIN
  UPDATE project_hours SET
      seconds = seconds + NEW.duration_seconds,
      billable_seconds = billable_seconds + NEW.is_billable * NEW.duration_seconds,
      cents = cents + NEW.amount_cents,
      value_cents = value_cents + (NEW.duration_seconds / 3600 * coalesce(NEW.rate_cents, 0) + (NEW.duration_seconds % 3600 * coalesce(NEW.rate_cents, 0) + 1800) / 3600),
      cost_cents = cost_cents + (NEW.duration_seconds / 3600 * coalesce(NEW.cost_rate_cents, 0) + (NEW.duration_seconds % 3600 * coalesce(NEW.cost_rate_cents, 0) + 1800) / 3600),
      uncosted_seconds = uncosted_seconds + (NEW.cost_rate_cents IS NULL) * NEW.duration_seconds,
      unbilled_entries = unbilled_entries + NEW.is_unbilled,
      unbilled_seconds = unbilled_seconds + NEW.is_unbilled * NEW.duration_seconds,
      unbilled_cents = unbilled_cents + NEW.is_unbilled * NEW.amount_cents
    WHERE project_id = NEW.project_id;
  INSERT INTO project_weeks (project_id, week_on, seconds, cents, value_cents, cost_cents)
    VALUES (NEW.project_id, date(NEW.local_on, '-6 days', 'weekday 1'), NEW.duration_seconds, NEW.amount_cents,
      (NEW.duration_seconds / 3600 * coalesce(NEW.rate_cents, 0) + (NEW.duration_seconds % 3600 * coalesce(NEW.rate_cents, 0) + 1800) / 3600),
      (NEW.duration_seconds / 3600 * coalesce(NEW.cost_rate_cents, 0) + (NEW.duration_seconds % 3600 * coalesce(NEW.cost_rate_cents, 0) + 1800) / 3600))
    ON CONFLICT (project_id, week_on) DO UPDATE SET
      seconds = seconds + excluded.seconds,
      cents = cents + excluded.cents,
      value_cents = value_cents + excluded.value_cents,
      cost_cents = cost_cents + excluded.cost_cents;
END;
CREATE TRIGGER time_entries_add_up_update
AFTER UPDATE OF project_id, is_billable, duration_seconds, amount_cents, is_unbilled, local_on, rate_cents, cost_rate_cents ON time_entries
WHEN (NEW.project_id, NEW.is_billable, NEW.duration_seconds, NEW.amount_cents, NEW.local_on, NEW.rate_cents, NEW.cost_rate_cents)
  IS NOT (OLD.project_id, OLD.is_billable, OLD.duration_seconds, OLD.amount_cents, OLD.local_on, OLD.rate_cents, OLD.cost_rate_cents) BEGIN
  UPDATE project_hours SET
      seconds = seconds - OLD.duration_seconds,
      billable_seconds = billable_seconds - OLD.is_billable * OLD.duration_seconds,
      cents = cents - OLD.amount_cents,
      value_cents = value_cents - (OLD.duration_seconds / 3600 * coalesce(OLD.rate_cents, 0) + (OLD.duration_seconds % 3600 * coalesce(OLD.rate_cents, 0) + 1800) / 3600),
      cost_cents = cost_cents - (OLD.duration_seconds / 3600 * coalesce(OLD.cost_rate_cents, 0) + (OLD.duration_seconds % 3600 * coalesce(OLD.cost_rate_cents, 0) + 1800) / 3600),
      uncosted_seconds = uncosted_seconds - (OLD.cost_rate_cents IS NULL) * OLD.duration_seconds,
      unbilled_entries = unbilled_entries - OLD.is_unbilled,
      unbilled_seconds = unbilled_seconds - OLD.is_unbilled * OLD.duration_seconds,
      unbilled_cents = unbilled_cents - OLD.is_unbilled * OLD.amount_cents
    WHERE project_id = OLD.project_id;
  UPDATE project_weeks SET
      seconds = seconds - OLD.duration_seconds,
      cents = cents - OLD.amount_cents,
      value_cents = value_cents - (OLD.duration_seconds / 3600 * coalesce(OLD.rate_cents, 0) + (OLD.duration_seconds % 3600 * coalesce(OLD.rate_cents, 0) + 1800) / 3600),
      cost_cents = cost_cents - (OLD.duration_seconds / 3600 * coalesce(OLD.cost_rate_cents, 0) + (OLD.duration_seconds % 3600 * coalesce(OLD.cost_rate_cents, 0) + 1800) / 3600)
    WHERE project_id = OLD.project_id AND week_on = date(OLD.local_on, '-6 days', 'weekday 1');
  UPDATE project_hours SET
      seconds = seconds + NEW.duration_seconds,
      billable_seconds = billable_seconds + NEW.is_billable * NEW.duration_seconds,
      cents = cents + NEW.amount_cents,
      value_cents = value_cents + (NEW.duration_seconds / 3600 * coalesce(NEW.rate_cents, 0) + (NEW.duration_seconds % 3600 * coalesce(NEW.rate_cents, 0) + 1800) / 3600),
      cost_cents = cost_cents + (NEW.duration_seconds / 3600 * coalesce(NEW.cost_rate_cents, 0) + (NEW.duration_seconds % 3600 * coalesce(NEW.cost_rate_cents, 0) + 1800) / 3600),
      uncosted_seconds = uncosted_seconds + (NEW.cost_rate_cents IS NULL) * NEW.duration_seconds,
      unbilled_entries = unbilled_entries + NEW.is_unbilled,
      unbilled_seconds = unbilled_seconds + NEW.is_unbilled * NEW.duration_seconds,
      unbilled_cents = unbilled_cents + NEW.is_unbilled * NEW.amount_cents
    WHERE project_id = NEW.project_id;
  INSERT INTO project_weeks (project_id, week_on, seconds, cents, value_cents, cost_cents)
    VALUES (NEW.project_id, date(NEW.local_on, '-6 days', 'weekday 1'), NEW.duration_seconds, NEW.amount_cents,
      (NEW.duration_seconds / 3600 * coalesce(NEW.rate_cents, 0) + (NEW.duration_seconds % 3600 * coalesce(NEW.rate_cents, 0) + 1800) / 3600),
      (NEW.duration_seconds / 3600 * coalesce(NEW.cost_rate_cents, 0) + (NEW.duration_seconds % 3600 * coalesce(NEW.cost_rate_cents, 0) + 1800) / 3600))
    ON CONFLICT (project_id, week_on) DO UPDATE SET
      seconds = seconds + excluded.seconds,
      cents = cents + excluded.cents,
      value_cents = value_cents + excluded.value_cents,
      cost_cents = cost_cents + excluded.cost_cents;
END;
-- Claims and write-offs change nothing but this.
CREATE TRIGGER time_entries_add_up_settle AFTER UPDATE OF is_unbilled ON time_entries
WHEN (NEW.project_id, NEW.is_billable, NEW.duration_seconds, NEW.amount_cents, NEW.local_on, NEW.rate_cents, NEW.cost_rate_cents)
  IS (OLD.project_id, OLD.is_billable, OLD.duration_seconds, OLD.amount_cents, OLD.local_on, OLD.rate_cents, OLD.cost_rate_cents) BEGIN
  UPDATE project_hours SET
      unbilled_entries = unbilled_entries + NEW.is_unbilled - OLD.is_unbilled,
      unbilled_seconds = unbilled_seconds + (NEW.is_unbilled - OLD.is_unbilled) * NEW.duration_seconds,
      unbilled_cents = unbilled_cents + (NEW.is_unbilled - OLD.is_unbilled) * NEW.amount_cents
    WHERE project_id = NEW.project_id;
END;
CREATE TRIGGER time_entries_add_up_delete AFTER DELETE ON time_entries BEGIN
  UPDATE project_hours SET
      seconds = seconds - OLD.duration_seconds,
      billable_seconds = billable_seconds - OLD.is_billable * OLD.duration_seconds,
      cents = cents - OLD.amount_cents,
      value_cents = value_cents - (OLD.duration_seconds / 3600 * coalesce(OLD.rate_cents, 0) + (OLD.duration_seconds % 3600 * coalesce(OLD.rate_cents, 0) + 1800) / 3600),
      cost_cents = cost_cents - (OLD.duration_seconds / 3600 * coalesce(OLD.cost_rate_cents, 0) + (OLD.duration_seconds % 3600 * coalesce(OLD.cost_rate_cents, 0) + 1800) / 3600),
      uncosted_seconds = uncosted_seconds - (OLD.cost_rate_cents IS NULL) * OLD.duration_seconds,
      unbilled_entries = unbilled_entries - OLD.is_unbilled,
      unbilled_seconds = unbilled_seconds - OLD.is_unbilled * OLD.duration_seconds,
      unbilled_cents = unbilled_cents - OLD.is_unbilled * OLD.amount_cents
    WHERE project_id = OLD.project_id;
  UPDATE project_weeks SET
      seconds = seconds - OLD.duration_seconds,
      cents = cents - OLD.amount_cents,
      value_cents = value_cents - (OLD.duration_seconds / 3600 * coalesce(OLD.rate_cents, 0) + (OLD.duration_seconds % 3600 * coalesce(OLD.rate_cents, 0) + 1800) / 3600),
      cost_cents = cost_cents - (OLD.duration_seconds / 3600 * coalesce(OLD.cost_rate_cents, 0) + (OLD.duration_seconds % 3600 * coalesce(OLD.cost_rate_cents, 0) + 1800) / 3600)
    WHERE project_id = OLD.project_id AND week_on = date(OLD.local_on, '-6 days', 'weekday 1');
END;
