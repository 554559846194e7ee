-- Reminders of late invoices: the steps, the letters, and who is left in peace. A letter that was sent stays as it was.
CREATE TABLE reminder_settings (
  id BIGINT PRIMARY KEY NOT NULL CHECK (id = 1),
  -- The steps as JSON, the mildest first.
  steps TEXT NOT NULL,
  -- Whether a step that falls on a Saturday or Sunday is due on the Monday after.
  skips_weekends BOOLEAN NOT NULL DEFAULT FALSE,
  updated_at TIMESTAMP NOT NULL,
  version BIGINT NOT NULL DEFAULT 1
);

CREATE TABLE reminders (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  invoice_id BIGINT NOT NULL REFERENCES invoices (id),
  client_id BIGINT NOT NULL REFERENCES clients (id),
  -- Its place on the ladder; each is taken once.
  step BIGINT NOT NULL CHECK (step >= 1),
  title TEXT NOT NULL,
  made_on DATE NOT NULL,
  pay_until DATE NOT NULL,
  balance_cents BIGINT NOT NULL CHECK (balance_cents > 0),
  -- Named in the letter, billed by nobody.
  fee_cents BIGINT NOT NULL CHECK (fee_cents >= 0),
  interest_cents BIGINT NOT NULL CHECK (interest_cents >= 0),
  html TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  -- The day on which somebody sent it, and when and by whom that was noted.
  sent_on DATE,
  sent_at TIMESTAMP,
  sent_by BIGINT REFERENCES users (id),
  created_by BIGINT REFERENCES users (id),
  created_at TIMESTAMP NOT NULL,
  UNIQUE (invoice_id, step),
  CHECK ((sent_on IS NULL) = (sent_at IS NULL))
);
CREATE INDEX reminders_client_idx ON reminders (client_id, id);
CREATE INDEX reminders_draft_idx ON reminders (id, sent_on) WHERE sent_on IS NULL;

CREATE TABLE reminder_pauses (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  client_id BIGINT NOT NULL REFERENCES clients (id),
  -- NULL is all invoices of the client.
  invoice_id BIGINT REFERENCES invoices (id),
  reason TEXT NOT NULL,
  until_on DATE,
  created_by BIGINT REFERENCES users (id),
  created_at TIMESTAMP NOT NULL
);
CREATE INDEX reminder_pauses_client_idx ON reminder_pauses (client_id, id);
CREATE UNIQUE INDEX reminder_pauses_client_key ON reminder_pauses (client_id) WHERE invoice_id IS NULL;
CREATE UNIQUE INDEX reminder_pauses_invoice_key ON reminder_pauses (invoice_id) WHERE invoice_id IS NOT NULL;

CREATE TRIGGER reminders_frozen BEFORE UPDATE ON reminders
WHEN OLD.sent_on IS NOT NULL OR NEW.id IS NOT OLD.id OR NEW.invoice_id IS NOT OLD.invoice_id OR NEW.client_id IS NOT OLD.client_id OR NEW.step IS NOT OLD.step OR NEW.title IS NOT OLD.title OR NEW.made_on IS NOT OLD.made_on OR NEW.pay_until IS NOT OLD.pay_until OR NEW.balance_cents IS NOT OLD.balance_cents OR NEW.fee_cents IS NOT OLD.fee_cents OR NEW.interest_cents IS NOT OLD.interest_cents OR NEW.html IS NOT OLD.html OR NEW.sha256 IS NOT OLD.sha256 OR NEW.created_by IS NOT OLD.created_by OR NEW.created_at IS NOT OLD.created_at BEGIN
  SELECT RAISE(ABORT, 'bureau: a letter that was sent is frozen');
END;
CREATE TRIGGER reminders_kept BEFORE DELETE ON reminders
WHEN OLD.sent_on IS NOT NULL BEGIN
  SELECT RAISE(ABORT, 'bureau: a letter that was sent is frozen');
END;
CREATE TRIGGER reminders_no_replace BEFORE INSERT ON reminders
WHEN EXISTS (SELECT 1 FROM reminders WHERE id = NEW.id OR (invoice_id = NEW.invoice_id AND step = NEW.step)) BEGIN
  SELECT RAISE(ABORT, 'bureau: a letter that was sent is frozen');
END;
