-- Numbers come from here in the issuing transaction: the row is the lock, so they have no gaps.
CREATE TABLE invoice_series (
  id INTEGER PRIMARY KEY NOT NULL,
  kind TEXT NOT NULL UNIQUE CHECK (kind IN ('invoice', 'credit_note', 'quote')),
  pattern TEXT NOT NULL,
  resets_yearly BOOLEAN NOT NULL,
  -- The year that next_seq counts in; 0 when the series never resets.
  year BIGINT NOT NULL DEFAULT 0,
  next_seq BIGINT NOT NULL DEFAULT 1 CHECK (next_seq >= 1),
  last_issue_on DATE
);

-- A draft has no number. Once issued, only paid_cents, credited_cents, settled_at and updated_at may move.
CREATE TABLE invoices (
  id INTEGER PRIMARY KEY NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('invoice', 'credit_note')),
  client_id BIGINT NOT NULL REFERENCES clients (id),
  project_id BIGINT REFERENCES projects (id),
  corrects_id BIGINT REFERENCES invoices (id),
  series_id BIGINT REFERENCES invoice_series (id),
  series_year BIGINT,
  seq BIGINT,
  number TEXT UNIQUE,
  currency TEXT NOT NULL,
  issue_on DATE,
  due_on DATE,
  delivery_from DATE,
  delivery_to DATE,
  grouping TEXT NOT NULL CHECK (grouping IN ('task', 'project', 'day', 'entry')),
  note TEXT NOT NULL DEFAULT '',
  terms TEXT NOT NULL DEFAULT '',
  net_cents BIGINT NOT NULL DEFAULT 0,
  tax_cents BIGINT NOT NULL DEFAULT 0,
  total_cents BIGINT NOT NULL DEFAULT 0,
  paid_cents BIGINT NOT NULL DEFAULT 0,
  credited_cents BIGINT NOT NULL DEFAULT 0,
  seller TEXT,
  buyer TEXT,
  issued_at TIMESTAMP,
  issued_by BIGINT REFERENCES users (id),
  settled_at TIMESTAMP,
  created_by BIGINT REFERENCES users (id),
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  version BIGINT NOT NULL DEFAULT 1,
  UNIQUE (series_id, series_year, seq),
  CHECK (total_cents = net_cents + tax_cents),
  CHECK (issued_at IS NOT NULL OR (number IS NULL AND seq IS NULL AND series_id IS NULL AND paid_cents = 0 AND credited_cents = 0 AND settled_at IS NULL)),
  CHECK (issued_at IS NULL OR (number IS NOT NULL AND seq IS NOT NULL AND series_id IS NOT NULL AND series_year IS NOT NULL
    AND issue_on IS NOT NULL AND due_on IS NOT NULL AND seller IS NOT NULL AND buyer IS NOT NULL)),
  CHECK (paid_cents >= 0 AND credited_cents >= 0 AND paid_cents + credited_cents <= total_cents)
);
CREATE INDEX invoices_client_idx ON invoices (client_id, id);
CREATE INDEX invoices_project_idx ON invoices (project_id, id);
CREATE INDEX invoices_issued_idx ON invoices (issue_on, id) WHERE issued_at IS NOT NULL;
CREATE INDEX invoices_draft_idx ON invoices (id) WHERE issued_at IS NULL;
CREATE INDEX invoices_open_idx ON invoices (due_on, id) WHERE issued_at IS NOT NULL AND settled_at IS NULL;
CREATE INDEX invoices_open_client_idx ON invoices (client_id, due_on, id) WHERE issued_at IS NOT NULL AND settled_at IS NULL;

CREATE TABLE invoice_lines (
  id INTEGER PRIMARY KEY NOT NULL,
  invoice_id BIGINT NOT NULL REFERENCES invoices (id),
  position BIGINT NOT NULL,
  title TEXT NOT NULL,
  details TEXT NOT NULL DEFAULT '',
  -- Ten-thousandths of the unit; UN/ECE Recommendation 20 unit codes.
  quantity_e4 BIGINT NOT NULL,
  unit TEXT NOT NULL CHECK (unit IN ('HUR', 'DAY', 'C62', 'MON')),
  unit_price_cents BIGINT NOT NULL,
  tax_rate_millis BIGINT NOT NULL CHECK (tax_rate_millis BETWEEN 0 AND 100000),
  net_cents BIGINT NOT NULL,
  -- NULL for a free line; else the logged seconds claimed by this line.
  logged_seconds BIGINT,
  UNIQUE (invoice_id, position)
);

CREATE TABLE invoice_taxes (
  invoice_id BIGINT NOT NULL REFERENCES invoices (id),
  tax_rate_millis BIGINT NOT NULL,
  base_cents BIGINT NOT NULL,
  tax_cents BIGINT NOT NULL,
  PRIMARY KEY (invoice_id, tax_rate_millis)
);

-- The rendered document as it was issued, with its SHA-256: what was sent can always be shown again.
CREATE TABLE invoice_documents (
  invoice_id BIGINT PRIMARY KEY NOT NULL REFERENCES invoices (id),
  html TEXT NOT NULL,
  sha256 TEXT NOT NULL
);

-- Bill exactly once: the primary key is the claim, taken by the draft already.
CREATE TABLE billed_entries (
  time_entry_id BIGINT PRIMARY KEY NOT NULL REFERENCES time_entries (id),
  invoice_line_id BIGINT NOT NULL REFERENCES invoice_lines (id)
);
CREATE INDEX billed_entries_line_idx ON billed_entries (invoice_line_id);

-- The payment ledger only grows; a reversal is a row with the opposite sign.
CREATE TABLE payments (
  id INTEGER PRIMARY KEY NOT NULL,
  client_id BIGINT NOT NULL REFERENCES clients (id),
  received_on DATE NOT NULL,
  amount_cents BIGINT NOT NULL CHECK (amount_cents <> 0),
  currency TEXT NOT NULL,
  method TEXT NOT NULL CHECK (method IN ('bank_transfer', 'card', 'cash', 'direct_debit', 'other')),
  reference TEXT NOT NULL DEFAULT '',
  reverses_id BIGINT UNIQUE REFERENCES payments (id),
  idempotency_key TEXT UNIQUE,
  created_by BIGINT REFERENCES users (id),
  created_at TIMESTAMP NOT NULL
);
CREATE INDEX payments_client_idx ON payments (client_id, id);
CREATE INDEX payments_received_idx ON payments (received_on, id);
CREATE TABLE payment_allocations (
  id INTEGER PRIMARY KEY NOT NULL,
  payment_id BIGINT NOT NULL REFERENCES payments (id),
  invoice_id BIGINT NOT NULL REFERENCES invoices (id),
  amount_cents BIGINT NOT NULL CHECK (amount_cents <> 0)
);
CREATE INDEX payment_allocations_payment_idx ON payment_allocations (payment_id);
CREATE INDEX payment_allocations_invoice_idx ON payment_allocations (invoice_id);

CREATE TRIGGER invoices_frozen BEFORE UPDATE ON invoices WHEN OLD.issued_at IS NOT NULL AND (
  NEW.id IS NOT OLD.id OR NEW.kind IS NOT OLD.kind OR NEW.client_id IS NOT OLD.client_id OR NEW.project_id IS NOT OLD.project_id
  OR NEW.corrects_id IS NOT OLD.corrects_id OR NEW.series_id IS NOT OLD.series_id OR NEW.series_year IS NOT OLD.series_year
  OR NEW.seq IS NOT OLD.seq OR NEW.number IS NOT OLD.number OR NEW.currency IS NOT OLD.currency
  OR NEW.issue_on IS NOT OLD.issue_on OR NEW.due_on IS NOT OLD.due_on OR NEW.delivery_from IS NOT OLD.delivery_from
  OR NEW.delivery_to IS NOT OLD.delivery_to OR NEW.grouping IS NOT OLD.grouping OR NEW.note IS NOT OLD.note
  OR NEW.terms IS NOT OLD.terms OR NEW.net_cents IS NOT OLD.net_cents OR NEW.tax_cents IS NOT OLD.tax_cents
  OR NEW.total_cents IS NOT OLD.total_cents OR NEW.seller IS NOT OLD.seller OR NEW.buyer IS NOT OLD.buyer
  OR NEW.issued_at IS NOT OLD.issued_at OR NEW.issued_by IS NOT OLD.issued_by OR NEW.created_by IS NOT OLD.created_by
  OR NEW.created_at IS NOT OLD.created_at)
BEGIN
  SELECT RAISE(ABORT, 'bureau: an issued invoice is frozen');
END;
CREATE TRIGGER invoices_kept BEFORE DELETE ON invoices WHEN OLD.issued_at IS NOT NULL BEGIN
  SELECT RAISE(ABORT, 'bureau: an issued invoice is frozen');
END;
CREATE TRIGGER invoice_lines_frozen_insert BEFORE INSERT ON invoice_lines
WHEN (SELECT issued_at FROM invoices WHERE id = NEW.invoice_id) IS NOT NULL BEGIN
  SELECT RAISE(ABORT, 'bureau: an issued invoice is frozen');
END;
CREATE TRIGGER invoice_lines_frozen_update BEFORE UPDATE ON invoice_lines
WHEN (SELECT issued_at FROM invoices WHERE id = OLD.invoice_id) IS NOT NULL
  OR (SELECT issued_at FROM invoices WHERE id = NEW.invoice_id) IS NOT NULL BEGIN
  SELECT RAISE(ABORT, 'bureau: an issued invoice is frozen');
END;
CREATE TRIGGER invoice_lines_frozen_delete BEFORE DELETE ON invoice_lines
WHEN (SELECT issued_at FROM invoices WHERE id = OLD.invoice_id) IS NOT NULL BEGIN
  SELECT RAISE(ABORT, 'bureau: an issued invoice is frozen');
END;
CREATE TRIGGER invoice_taxes_frozen_insert BEFORE INSERT ON invoice_taxes
WHEN (SELECT issued_at FROM invoices WHERE id = NEW.invoice_id) IS NOT NULL BEGIN
  SELECT RAISE(ABORT, 'bureau: an issued invoice is frozen');
END;
CREATE TRIGGER invoice_taxes_frozen_update BEFORE UPDATE ON invoice_taxes
WHEN (SELECT issued_at FROM invoices WHERE id = OLD.invoice_id) IS NOT NULL
  OR (SELECT issued_at FROM invoices WHERE id = NEW.invoice_id) IS NOT NULL BEGIN
  SELECT RAISE(ABORT, 'bureau: an issued invoice is frozen');
END;
CREATE TRIGGER invoice_taxes_frozen_delete BEFORE DELETE ON invoice_taxes
WHEN (SELECT issued_at FROM invoices WHERE id = OLD.invoice_id) IS NOT NULL BEGIN
  SELECT RAISE(ABORT, 'bureau: an issued invoice is frozen');
END;
CREATE TRIGGER invoice_documents_no_update BEFORE UPDATE ON invoice_documents BEGIN
  SELECT RAISE(ABORT, 'bureau: an issued invoice is frozen');
END;
CREATE TRIGGER invoice_documents_no_delete BEFORE DELETE ON invoice_documents BEGIN
  SELECT RAISE(ABORT, 'bureau: an issued invoice is frozen');
END;
CREATE TRIGGER billed_entries_frozen_insert BEFORE INSERT ON billed_entries
WHEN (SELECT i.issued_at FROM invoices i JOIN invoice_lines l ON l.invoice_id = i.id WHERE l.id = NEW.invoice_line_id) IS NOT NULL BEGIN
  SELECT RAISE(ABORT, 'bureau: an issued invoice is frozen');
END;
CREATE TRIGGER billed_entries_no_update BEFORE UPDATE ON billed_entries BEGIN
  SELECT RAISE(ABORT, 'bureau: a claim on hours is released and taken anew, never moved');
END;
CREATE TRIGGER billed_entries_frozen_delete BEFORE DELETE ON billed_entries
WHEN (SELECT i.issued_at FROM invoices i JOIN invoice_lines l ON l.invoice_id = i.id WHERE l.id = OLD.invoice_line_id) IS NOT NULL BEGIN
  SELECT RAISE(ABORT, 'bureau: an issued invoice is frozen');
END;
CREATE TRIGGER billed_entries_claim BEFORE INSERT ON billed_entries
WHEN NOT (SELECT is_unbilled FROM time_entries WHERE id = NEW.time_entry_id) BEGIN
  SELECT RAISE(ABORT, 'bureau: these hours are not free to bill');
END;
CREATE TRIGGER billed_entries_settle AFTER INSERT ON billed_entries BEGIN
  UPDATE time_entries SET is_unbilled = FALSE WHERE id = NEW.time_entry_id;
END;
CREATE TRIGGER billed_entries_release AFTER DELETE ON billed_entries BEGIN
  UPDATE time_entries SET is_unbilled = TRUE WHERE id = OLD.time_entry_id;
END;
-- A claimed entry keeps what was billed. Only the claim's own flag may move.
CREATE TRIGGER time_entries_claimed BEFORE UPDATE ON time_entries
WHEN EXISTS (SELECT 1 FROM billed_entries WHERE time_entry_id = OLD.id) AND (
  NEW.id IS NOT OLD.id OR NEW.user_id IS NOT OLD.user_id OR NEW.client_id IS NOT OLD.client_id OR NEW.project_id IS NOT OLD.project_id
  OR NEW.task_id IS NOT OLD.task_id OR NEW.started_at IS NOT OLD.started_at OR NEW.ended_at IS NOT OLD.ended_at
  OR NEW.break_seconds IS NOT OLD.break_seconds OR NEW.duration_seconds IS NOT OLD.duration_seconds
  OR NEW.local_on IS NOT OLD.local_on OR NEW.note IS NOT OLD.note OR NEW.is_billable IS NOT OLD.is_billable
  OR NEW.rate_cents IS NOT OLD.rate_cents OR NEW.amount_cents IS NOT OLD.amount_cents OR NEW.is_unbilled)
BEGIN
  SELECT RAISE(ABORT, 'bureau: these hours are on an invoice');
END;
CREATE TRIGGER payments_no_update BEFORE UPDATE ON payments BEGIN
  SELECT RAISE(ABORT, 'bureau: the payment ledger only grows');
END;
CREATE TRIGGER payments_no_delete BEFORE DELETE ON payments BEGIN
  SELECT RAISE(ABORT, 'bureau: the payment ledger only grows');
END;
CREATE TRIGGER payment_allocations_issued BEFORE INSERT ON payment_allocations
WHEN (SELECT issued_at FROM invoices WHERE id = NEW.invoice_id) IS NULL BEGIN
  SELECT RAISE(ABORT, 'bureau: a draft cannot be paid');
END;
CREATE TRIGGER payment_allocations_no_update BEFORE UPDATE ON payment_allocations BEGIN
  SELECT RAISE(ABORT, 'bureau: the payment ledger only grows');
END;
CREATE TRIGGER payment_allocations_no_delete BEFORE DELETE ON payment_allocations BEGIN
  SELECT RAISE(ABORT, 'bureau: the payment ledger only grows');
END;
