-- Invoices that come back. What each says is one value with its placeholders; which periods were invoiced is kept, so that
-- each is invoiced once, whatever becomes of its draft.
CREATE TABLE recurring_invoices (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  client_id BIGINT NOT NULL REFERENCES clients (id),
  project_id BIGINT,
  currency TEXT NOT NULL,
  -- What we call it; not printed.
  title TEXT NOT NULL,
  -- Lines, discount, taxes, words and what they add up to, as JSON.
  content TEXT NOT NULL,
  total_cents BIGINT NOT NULL,
  every BIGINT NOT NULL CHECK (every BETWEEN 1 AND 120),
  unit TEXT NOT NULL CHECK (unit IN ('day', 'week', 'month', 'quarter', 'year')),
  -- The time that an invoice covers: the one that begins on its day, or the one that ended the day before.
  covers TEXT NOT NULL CHECK (covers IN ('coming', 'past')),
  -- The first day; all others count from it, so that a 31st comes back after February.
  starts_on DATE NOT NULL,
  ends_on DATE,
  most BIGINT CHECK (most >= 1),
  made BIGINT NOT NULL DEFAULT 0,
  -- The day of the next one; none while it rests or when it has ended.
  next_on DATE,
  is_paused BOOLEAN NOT NULL DEFAULT FALSE,
  created_by BIGINT NOT NULL REFERENCES users (id),
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  version BIGINT NOT NULL DEFAULT 1,
  FOREIGN KEY (project_id, client_id) REFERENCES projects (id, client_id),
  CHECK (ends_on IS NULL OR ends_on >= starts_on),
  CHECK (NOT is_paused OR next_on IS NULL)
);
CREATE INDEX recurring_invoices_next_idx ON recurring_invoices (next_on, id);
CREATE INDEX recurring_invoices_client_idx ON recurring_invoices (client_id, id);
CREATE INDEX recurring_invoices_project_idx ON recurring_invoices (project_id, id);

-- One invoice for each day, however many processes make them. The row stays when the draft is deleted.
CREATE TABLE recurring_periods (
  recurring_id BIGINT NOT NULL REFERENCES recurring_invoices (id),
  period_on DATE NOT NULL,
  -- The last day of the time it bills.
  covered_to DATE NOT NULL,
  invoice_id BIGINT UNIQUE REFERENCES invoices (id) ON DELETE SET NULL,
  made_at TIMESTAMP NOT NULL,
  PRIMARY KEY (recurring_id, period_on)
);

CREATE TRIGGER recurring_periods_kept BEFORE UPDATE ON recurring_periods
WHEN NEW.recurring_id IS NOT OLD.recurring_id OR NEW.period_on IS NOT OLD.period_on OR NEW.covered_to IS NOT OLD.covered_to OR NEW.made_at IS NOT OLD.made_at OR NEW.invoice_id IS NOT NULL BEGIN
  SELECT RAISE(ABORT, 'bureau: a period is invoiced once');
END;
CREATE TRIGGER recurring_periods_no_delete BEFORE DELETE ON recurring_periods BEGIN
  SELECT RAISE(ABORT, 'bureau: a period is invoiced once');
END;
CREATE TRIGGER recurring_periods_no_replace BEFORE INSERT ON recurring_periods
WHEN EXISTS (SELECT 1 FROM recurring_periods WHERE (recurring_id = NEW.recurring_id AND period_on = NEW.period_on) OR invoice_id = NEW.invoice_id) BEGIN
  SELECT RAISE(ABORT, 'bureau: a period is invoiced once');
END;
