-- Numbers come from here in the issuing transaction: the row is the lock, so they have no gaps.
CREATE TABLE invoice_series (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('invoice', 'credit_note', 'quote')),
  -- The one that is taken when none is named; one a kind.
  is_default BOOLEAN NOT NULL DEFAULT TRUE,
  pattern TEXT NOT NULL,
  resets_yearly BOOLEAN NOT NULL,
  -- The year that next_seq counts in; 0 when the series never resets.
  year BIGINT NOT NULL DEFAULT 0,
  next_seq BIGINT NOT NULL DEFAULT 1 CHECK (next_seq >= 1),
  last_issue_on DATE,
  version BIGINT NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX invoice_series_default_key ON invoice_series (kind) WHERE is_default;

-- Where each series began in each year, so that even its first number can be missed.
CREATE TABLE invoice_series_years (
  series_id BIGINT NOT NULL REFERENCES invoice_series (id),
  year BIGINT NOT NULL,
  first_seq BIGINT NOT NULL CHECK (first_seq >= 1),
  PRIMARY KEY (series_id, year)
);

-- A draft has no number. Once issued, only paid_cents, credited_cents, settled_at and updated_at may move, and an
-- exchange rate that was not known may be filled in once. Imported invoices keep numbers of their own, outside the series.
CREATE TABLE invoices (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('invoice', 'credit_note')),
  client_id BIGINT NOT NULL REFERENCES clients (id),
  project_id BIGINT REFERENCES projects (id),
  corrects_id BIGINT REFERENCES invoices (id),
  -- The invoice, credited in full, whose lines it bills anew: once, so that they are not billed twice.
  reissues_id BIGINT UNIQUE REFERENCES invoices (id),
  is_imported BOOLEAN NOT NULL DEFAULT FALSE,
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
  -- What the lines charge: before tax, or with it.
  prices_include_tax BOOLEAN NOT NULL DEFAULT FALSE,
  -- What the taxes are called; blank is "tax".
  tax_name TEXT NOT NULL DEFAULT '',
  second_tax_name TEXT NOT NULL DEFAULT '',
  -- Taken off the sum of the lines; where it was agreed as a percentage, in thousandths of a percent too.
  discount_millis BIGINT CHECK (discount_millis BETWEEN 0 AND 100000),
  discount_cents BIGINT NOT NULL DEFAULT 0,
  -- Whether the hours are listed on a page of their own.
  with_time_detail BOOLEAN NOT NULL DEFAULT FALSE,
  -- Whether it asks for money before the work; a later invoice deducts it.
  is_deposit BOOLEAN NOT NULL DEFAULT FALSE,
  -- Why a credit note corrects its invoice; printed.
  reason TEXT NOT NULL DEFAULT '',
  net_cents BIGINT NOT NULL DEFAULT 0,
  tax_cents BIGINT NOT NULL DEFAULT 0,
  -- The smallest coin, and what rounding to it adds to the total.
  rounding_step_cents BIGINT NOT NULL DEFAULT 1 CHECK (rounding_step_cents BETWEEN 1 AND 1000),
  rounding_cents BIGINT NOT NULL DEFAULT 0,
  total_cents BIGINT NOT NULL DEFAULT 0,
  -- The agency's currency at issue; one unit of the invoice's in millionths of it; and the totals at that rate.
  base_currency TEXT,
  exchange_rate_e6 BIGINT CHECK (exchange_rate_e6 > 0),
  base_net_cents BIGINT,
  base_tax_cents BIGINT,
  base_total_cents BIGINT,
  paid_cents BIGINT NOT NULL DEFAULT 0,
  credited_cents BIGINT NOT NULL DEFAULT 0,
  written_off_cents BIGINT NOT NULL DEFAULT 0,
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
  CHECK (total_cents = net_cents + tax_cents + rounding_cents),
  CHECK (issued_at IS NOT NULL OR (number IS NULL AND seq IS NULL AND series_id IS NULL AND paid_cents = 0 AND credited_cents = 0 AND written_off_cents = 0 AND settled_at IS NULL)),
  CHECK (is_imported OR issued_at IS NULL OR (seq IS NOT NULL AND series_id IS NOT NULL AND series_year IS NOT NULL)),
  CHECK (NOT is_imported OR (seq IS NULL AND series_id IS NULL AND series_year IS NULL)),
  CHECK (issued_at IS NULL OR exchange_rate_e6 IS NULL OR (base_currency IS NOT NULL AND base_net_cents IS NOT NULL AND base_tax_cents IS NOT NULL AND base_total_cents IS NOT NULL)),
  CHECK (issued_at IS NULL OR (number IS NOT NULL
    AND issue_on IS NOT NULL AND due_on IS NOT NULL AND seller IS NOT NULL AND buyer IS NOT NULL)),
  CHECK ((kind = 'credit_note') = (corrects_id IS NOT NULL)),
  CHECK (kind = 'invoice' OR NOT is_deposit),
  CHECK (kind = 'invoice' OR reissues_id IS NULL),
  -- A credit note that takes back what reduced its invoice takes back less of a discount.
  CHECK (kind = 'credit_note' OR discount_cents >= 0),
  CHECK (paid_cents >= 0 AND credited_cents >= 0 AND written_off_cents >= 0
    AND paid_cents + credited_cents + written_off_cents <= total_cents)
);
CREATE INDEX invoices_client_idx ON invoices (client_id, id);
CREATE INDEX invoices_corrects_idx ON invoices (corrects_id, id);
CREATE INDEX invoices_project_idx ON invoices (project_id, id);
CREATE INDEX invoices_issued_idx ON invoices (issue_on, id) WHERE issued_at IS NOT NULL;
CREATE INDEX invoices_draft_idx ON invoices (id) WHERE issued_at IS NULL;
CREATE INDEX invoices_open_idx ON invoices (due_on, id, issued_at, settled_at) WHERE issued_at IS NOT NULL AND settled_at IS NULL;
CREATE INDEX invoices_open_client_idx ON invoices (client_id, due_on, id, issued_at, settled_at) WHERE issued_at IS NOT NULL AND settled_at IS NULL;

CREATE TABLE invoice_lines (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  invoice_id BIGINT NOT NULL REFERENCES invoices (id),
  position BIGINT NOT NULL,
  title TEXT NOT NULL,
  details TEXT NOT NULL DEFAULT '',
  -- Ten-thousandths of the unit; UN/ECE Recommendation 20 unit codes.
  quantity_e4 BIGINT NOT NULL,
  unit TEXT NOT NULL CHECK (unit IN ('HUR', 'DAY', 'C62', 'MON')),
  unit_price_cents BIGINT NOT NULL,
  tax_rate_millis BIGINT NOT NULL CHECK (tax_rate_millis BETWEEN 0 AND 100000),
  -- UNCL5305: standard (any rate above zero), zero-rated, exempt, reverse charge, export, not subject, intra-Community.
  tax_category TEXT NOT NULL DEFAULT 'S' CHECK (tax_category IN ('S', 'Z', 'E', 'AE', 'G', 'O', 'K')),
  -- A second tax on the same price, as provinces levy one beside the federation's.
  second_tax_rate_millis BIGINT NOT NULL DEFAULT 0 CHECK (second_tax_rate_millis BETWEEN 0 AND 100000),
  discount_millis BIGINT CHECK (discount_millis BETWEEN 0 AND 100000),
  discount_cents BIGINT NOT NULL DEFAULT 0 CHECK (discount_cents >= 0),
  -- Quantity times price less the discount: before tax, or with it where the invoice's prices include it.
  amount_cents BIGINT NOT NULL,
  -- NULL for a free line; else what the hours claimed by this line say: their seconds, the sum of their own values
  -- and the price of an hour they agree on. What the line bills less or more than that is written down or up.
  logged_seconds BIGINT,
  logged_cents BIGINT,
  logged_rate_cents BIGINT,
  -- Those seconds as the rounding of their client or project bills them; NULL is as they were worked.
  rounded_seconds BIGINT,
  -- What the expense, milestone or charge costs that it claims; NULL for every other line.
  claimed_cents BIGINT,
  -- Why it bills less or more.
  adjustment_reason TEXT NOT NULL DEFAULT '',
  -- The line that a line of a credit note takes back, in whole or in part.
  corrects_line_id BIGINT REFERENCES invoice_lines (id),
  -- The deposit that it takes off; the document's discount is not taken of it. Which line still claims a deposit is said
  -- by deducted_deposits, which refers to it; what was issued is never deleted.
  deducts_id BIGINT,
  UNIQUE (invoice_id, position),
  CHECK (tax_category = 'S' OR tax_rate_millis = 0),
  CHECK (logged_seconds IS NOT NULL OR rounded_seconds IS NULL),
  CHECK ((logged_seconds IS NULL) = (logged_cents IS NULL)),
  CHECK ((logged_seconds IS NULL) = (logged_rate_cents IS NULL))
);

CREATE INDEX invoice_lines_claimed_idx ON invoice_lines (invoice_id, id, claimed_cents, amount_cents) WHERE claimed_cents IS NOT NULL;
CREATE INDEX invoice_lines_corrects_idx ON invoice_lines (corrects_line_id);

CREATE TABLE invoice_taxes (
  invoice_id BIGINT NOT NULL REFERENCES invoices (id),
  -- The second tax stands on the same base as the first, which alone adds up to the net.
  is_second BOOLEAN NOT NULL DEFAULT FALSE,
  tax_category TEXT NOT NULL DEFAULT 'S' CHECK (tax_category IN ('S', 'Z', 'E', 'AE', 'G', 'O', 'K')),
  tax_rate_millis BIGINT NOT NULL CHECK (tax_rate_millis BETWEEN 0 AND 100000),
  base_cents BIGINT NOT NULL,
  tax_cents BIGINT NOT NULL,
  -- Why no tax is charged; printed.
  exemption_reason TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (invoice_id, is_second, tax_category, tax_rate_millis),
  CHECK (tax_category = 'S' OR tax_rate_millis = 0)
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
-- Hours that a credit note gave back, so that they can be billed again; the invoice that billed them first stays named.
CREATE TABLE released_entries (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  time_entry_id BIGINT NOT NULL REFERENCES time_entries (id),
  invoice_line_id BIGINT NOT NULL REFERENCES invoice_lines (id),
  credit_line_id BIGINT NOT NULL REFERENCES invoice_lines (id),
  UNIQUE (time_entry_id, invoice_line_id)
);
CREATE INDEX released_entries_line_idx ON released_entries (invoice_line_id);
CREATE INDEX released_entries_credit_idx ON released_entries (credit_line_id);

-- The payment ledger only grows; a reversal is a row with the opposite sign.
CREATE TABLE payments (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  client_id BIGINT NOT NULL REFERENCES clients (id),
  received_on DATE NOT NULL,
  amount_cents BIGINT NOT NULL CHECK (amount_cents <> 0),
  currency TEXT NOT NULL,
  -- As on invoices, on the day it came in.
  base_currency TEXT,
  exchange_rate_e6 BIGINT CHECK (exchange_rate_e6 > 0),
  method TEXT NOT NULL CHECK (method IN ('bank_transfer', 'card', 'cash', 'direct_debit', 'other')),
  reference TEXT NOT NULL DEFAULT '',
  -- What the bank kept of it; to the client's invoices the whole amount counts.
  fee_cents BIGINT NOT NULL DEFAULT 0,
  reverses_id BIGINT UNIQUE REFERENCES payments (id),
  -- Why: it was recorded wrongly, or the client had its bank take it back, which gives no fee back.
  reversal_kind TEXT CHECK (reversal_kind IN ('correction', 'chargeback')),
  -- The payment whose rest goes back to the client by this one.
  refunds_id BIGINT REFERENCES payments (id),
  idempotency_key TEXT UNIQUE,
  created_by BIGINT REFERENCES users (id),
  created_at TIMESTAMP NOT NULL,
  CHECK ((reverses_id IS NULL AND refunds_id IS NULL) OR amount_cents < 0),
  CHECK ((reverses_id IS NULL) = (reversal_kind IS NULL)),
  CHECK (CASE WHEN amount_cents > 0 THEN fee_cents >= 0 AND fee_cents < amount_cents
    WHEN reversal_kind = 'correction' THEN fee_cents <= 0 AND fee_cents > amount_cents ELSE fee_cents = 0 END)
);
CREATE INDEX payments_refunds_idx ON payments (refunds_id);
CREATE INDEX payments_client_idx ON payments (client_id, id);
CREATE INDEX payments_received_idx ON payments (received_on, id);
CREATE TABLE payment_allocations (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  payment_id BIGINT NOT NULL REFERENCES payments (id),
  invoice_id BIGINT NOT NULL REFERENCES invoices (id),
  amount_cents BIGINT NOT NULL CHECK (amount_cents <> 0)
);
-- What of a credit note settles which invoice.
CREATE TABLE credit_allocations (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  credit_note_id BIGINT NOT NULL REFERENCES invoices (id),
  invoice_id BIGINT NOT NULL REFERENCES invoices (id),
  amount_cents BIGINT NOT NULL CHECK (amount_cents > 0),
  created_by BIGINT REFERENCES users (id),
  created_at TIMESTAMP NOT NULL,
  CHECK (credit_note_id <> invoice_id)
);
CREATE INDEX credit_allocations_note_idx ON credit_allocations (credit_note_id);
CREATE INDEX credit_allocations_invoice_idx ON credit_allocations (invoice_id);
-- What we no longer expect to be paid, and why; taken back by a row of the opposite sign.
CREATE TABLE invoice_write_offs (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  invoice_id BIGINT NOT NULL REFERENCES invoices (id),
  amount_cents BIGINT NOT NULL CHECK (amount_cents <> 0),
  reason TEXT NOT NULL,
  created_by BIGINT REFERENCES users (id),
  created_at TIMESTAMP NOT NULL
);
CREATE INDEX invoice_write_offs_invoice_idx ON invoice_write_offs (invoice_id);
CREATE INDEX payment_allocations_payment_idx ON payment_allocations (payment_id);
CREATE INDEX payment_allocations_invoice_idx ON payment_allocations (invoice_id);

CREATE TRIGGER invoices_frozen BEFORE UPDATE ON invoices WHEN OLD.issued_at IS NOT NULL AND (
  NEW.id IS NOT OLD.id OR NEW.kind IS NOT OLD.kind OR NEW.client_id IS NOT OLD.client_id OR NEW.project_id IS NOT OLD.project_id
  OR NEW.corrects_id IS NOT OLD.corrects_id OR NEW.reissues_id IS NOT OLD.reissues_id OR NEW.series_id IS NOT OLD.series_id OR NEW.series_year IS NOT OLD.series_year
  OR NEW.seq IS NOT OLD.seq OR NEW.number IS NOT OLD.number OR NEW.currency IS NOT OLD.currency
  OR NEW.issue_on IS NOT OLD.issue_on OR NEW.due_on IS NOT OLD.due_on OR NEW.delivery_from IS NOT OLD.delivery_from
  OR NEW.delivery_to IS NOT OLD.delivery_to OR NEW.grouping IS NOT OLD.grouping OR NEW.note IS NOT OLD.note
  OR NEW.terms IS NOT OLD.terms OR NEW.net_cents IS NOT OLD.net_cents OR NEW.tax_cents IS NOT OLD.tax_cents
  OR NEW.total_cents IS NOT OLD.total_cents OR NEW.seller IS NOT OLD.seller OR NEW.buyer IS NOT OLD.buyer
  OR NEW.issued_at IS NOT OLD.issued_at OR NEW.issued_by IS NOT OLD.issued_by OR NEW.created_by IS NOT OLD.created_by
  OR NEW.created_at IS NOT OLD.created_at
  OR NEW.is_imported IS NOT OLD.is_imported
  OR NEW.discount_cents IS NOT OLD.discount_cents
  OR NEW.rounding_cents IS NOT OLD.rounding_cents
  OR NEW.prices_include_tax IS NOT OLD.prices_include_tax
  OR NEW.tax_name IS NOT OLD.tax_name
  OR NEW.second_tax_name IS NOT OLD.second_tax_name
  OR NEW.discount_millis IS NOT OLD.discount_millis
  OR NEW.rounding_step_cents IS NOT OLD.rounding_step_cents
  OR NEW.is_deposit IS NOT OLD.is_deposit
  OR NEW.with_time_detail IS NOT OLD.with_time_detail
  OR NEW.reason IS NOT OLD.reason
  OR (OLD.base_currency IS NOT NULL AND NEW.base_currency IS NOT OLD.base_currency)
  OR (OLD.exchange_rate_e6 IS NOT NULL AND NEW.exchange_rate_e6 IS NOT OLD.exchange_rate_e6)
  OR (OLD.base_net_cents IS NOT NULL AND NEW.base_net_cents IS NOT OLD.base_net_cents)
  OR (OLD.base_tax_cents IS NOT NULL AND NEW.base_tax_cents IS NOT OLD.base_tax_cents)
  OR (OLD.base_total_cents IS NOT NULL AND NEW.base_total_cents IS NOT OLD.base_total_cents))
BEGIN
  SELECT RAISE(ABORT, 'bureau: an issued invoice is frozen');
END;
CREATE TRIGGER invoices_say_why_untaxed BEFORE UPDATE ON invoices
WHEN OLD.issued_at IS NULL AND NEW.issued_at IS NOT NULL AND NOT NEW.is_imported AND EXISTS (
  SELECT 1 FROM invoice_taxes WHERE invoice_id = NEW.id AND tax_rate_millis = 0 AND (tax_category = 'S' OR exemption_reason = '')) BEGIN
  SELECT RAISE(ABORT, 'bureau: an invoice at 0 % tax needs a category and a reason');
END;
CREATE TRIGGER invoices_credit_fits BEFORE UPDATE ON invoices
WHEN OLD.issued_at IS NULL AND NEW.issued_at IS NOT NULL AND NEW.total_cents > (
  SELECT i.total_cents - (SELECT coalesce(SUM(n.total_cents), 0) FROM invoices n WHERE n.corrects_id = i.id AND n.issued_at IS NOT NULL)
  FROM invoices i WHERE i.id = NEW.corrects_id) BEGIN
  SELECT RAISE(ABORT, 'bureau: no more is credited than was billed');
END;
CREATE TRIGGER invoices_credit_fits_insert BEFORE INSERT ON invoices
WHEN NEW.issued_at IS NOT NULL AND NEW.total_cents > (
  SELECT i.total_cents - (SELECT coalesce(SUM(n.total_cents), 0) FROM invoices n WHERE n.corrects_id = i.id AND n.issued_at IS NOT NULL)
  FROM invoices i WHERE i.id = NEW.corrects_id) BEGIN
  SELECT RAISE(ABORT, 'bureau: no more is credited than was billed');
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
-- A line is credited by notes on its own invoice, up to what it charged; one that charged nothing, for nothing.
CREATE TRIGGER invoice_lines_credited_insert BEFORE INSERT ON invoice_lines
WHEN NEW.corrects_line_id IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM invoice_lines l JOIN invoices n ON n.id = NEW.invoice_id AND n.corrects_id = l.invoice_id
  WHERE l.id = NEW.corrects_line_id AND (NEW.quantity_e4 > 0 OR l.quantity_e4 = 0)
    AND NEW.quantity_e4 + (SELECT coalesce(SUM(c.quantity_e4), 0) FROM invoice_lines c WHERE c.corrects_line_id = l.id) <= l.quantity_e4) BEGIN
  SELECT RAISE(ABORT, 'bureau: a line is credited on its own invoice, up to what it charged');
END;
CREATE TRIGGER invoice_lines_credited_update BEFORE UPDATE OF quantity_e4, corrects_line_id, invoice_id ON invoice_lines
WHEN NEW.corrects_line_id IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM invoice_lines l JOIN invoices n ON n.id = NEW.invoice_id AND n.corrects_id = l.invoice_id
  WHERE l.id = NEW.corrects_line_id AND (NEW.quantity_e4 > 0 OR l.quantity_e4 = 0)
    AND NEW.quantity_e4 + (SELECT coalesce(SUM(c.quantity_e4), 0) FROM invoice_lines c WHERE c.corrects_line_id = l.id AND c.id <> OLD.id) <= l.quantity_e4) BEGIN
  SELECT RAISE(ABORT, 'bureau: a line is credited on its own invoice, up to what it charged');
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
WHEN (SELECT i.issued_at FROM invoices i JOIN invoice_lines l ON l.invoice_id = i.id WHERE l.id = OLD.invoice_line_id) IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM released_entries r WHERE r.time_entry_id = OLD.time_entry_id AND r.invoice_line_id = OLD.invoice_line_id) BEGIN
  SELECT RAISE(ABORT, 'bureau: an issued invoice is frozen');
END;
CREATE TRIGGER released_entries_credited BEFORE INSERT ON released_entries
WHEN NOT EXISTS (SELECT 1 FROM invoice_lines c JOIN invoice_lines l ON l.id = c.corrects_line_id WHERE c.id = NEW.credit_line_id AND l.id = NEW.invoice_line_id
    AND l.quantity_e4 <= (SELECT SUM(x.quantity_e4) FROM invoice_lines x WHERE x.corrects_line_id = l.id))
  OR NOT EXISTS (SELECT 1 FROM billed_entries b WHERE b.time_entry_id = NEW.time_entry_id AND b.invoice_line_id = NEW.invoice_line_id) BEGIN
  SELECT RAISE(ABORT, 'bureau: only a credit note gives billed hours back');
END;
CREATE TRIGGER released_entries_no_update BEFORE UPDATE ON released_entries BEGIN
  SELECT RAISE(ABORT, 'bureau: what was given back stays on record');
END;
CREATE TRIGGER released_entries_no_delete BEFORE DELETE ON released_entries BEGIN
  SELECT RAISE(ABORT, 'bureau: what was given back stays on record');
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
CREATE TRIGGER payments_refund_fits BEFORE INSERT ON payments WHEN NEW.refunds_id IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM payments p WHERE p.id = NEW.refunds_id AND p.client_id = NEW.client_id AND p.currency = NEW.currency
    AND NOT EXISTS (SELECT 1 FROM payments x WHERE x.reverses_id = p.id)
    AND (SELECT coalesce(SUM(amount_cents), 0) FROM payment_allocations WHERE payment_id = p.id)
      <= p.amount_cents + NEW.amount_cents + (SELECT coalesce(SUM(r.amount_cents), 0) FROM payments r WHERE r.refunds_id = p.id)) BEGIN
  SELECT RAISE(ABORT, 'bureau: no more is refunded than is left of a payment');
END;
-- A reversal is the payment with the opposite sign, at its rate, so that the two cancel out.
CREATE TRIGGER payments_reversal_fits BEFORE INSERT ON payments WHEN NEW.reverses_id IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM payments p WHERE p.id = NEW.reverses_id AND p.client_id = NEW.client_id AND p.currency = NEW.currency
    AND p.amount_cents = -NEW.amount_cents AND p.base_currency IS NEW.base_currency AND p.exchange_rate_e6 IS NEW.exchange_rate_e6
    AND NEW.fee_cents = CASE NEW.reversal_kind WHEN 'chargeback' THEN 0 ELSE -p.fee_cents END
    AND NOT EXISTS (SELECT 1 FROM payments r WHERE r.refunds_id = p.id)) BEGIN
  SELECT RAISE(ABORT, 'bureau: a reversal takes back the whole payment at its own rate');
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
CREATE TRIGGER payment_allocations_fit BEFORE INSERT ON payment_allocations
WHEN (SELECT issued_at FROM invoices WHERE id = NEW.invoice_id) IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM payments p JOIN invoices i ON i.id = NEW.invoice_id AND i.client_id = p.client_id AND i.currency = p.currency
  WHERE p.id = NEW.payment_id
    AND (SELECT coalesce(SUM(amount_cents), 0) FROM payment_allocations WHERE payment_id = p.id) + NEW.amount_cents
      BETWEEN min(p.amount_cents, 0)
      AND max(p.amount_cents + (SELECT coalesce(SUM(r.amount_cents), 0) FROM payments r WHERE r.refunds_id = p.id), 0))
BEGIN
  SELECT RAISE(ABORT, 'bureau: a payment is shared out among invoices of its client and currency, up to its amount');
END;
CREATE TRIGGER credit_allocations_fit BEFORE INSERT ON credit_allocations
WHEN NOT EXISTS (
  SELECT 1 FROM invoices n JOIN invoices i ON i.id = NEW.invoice_id AND i.client_id = n.client_id AND i.currency = n.currency
  WHERE n.id = NEW.credit_note_id AND n.kind = 'credit_note' AND i.kind = 'invoice' AND n.issued_at IS NOT NULL AND i.issued_at IS NOT NULL
    AND (SELECT coalesce(SUM(amount_cents), 0) FROM credit_allocations WHERE credit_note_id = n.id) + NEW.amount_cents <= n.total_cents)
BEGIN
  SELECT RAISE(ABORT, 'bureau: a credit note settles invoices of its client and currency, up to its total');
END;
CREATE TRIGGER credit_allocations_no_update BEFORE UPDATE ON credit_allocations BEGIN
  SELECT RAISE(ABORT, 'bureau: the payment ledger only grows');
END;
CREATE TRIGGER credit_allocations_no_delete BEFORE DELETE ON credit_allocations BEGIN
  SELECT RAISE(ABORT, 'bureau: the payment ledger only grows');
END;
CREATE TRIGGER invoice_write_offs_issued BEFORE INSERT ON invoice_write_offs
WHEN (SELECT issued_at FROM invoices WHERE id = NEW.invoice_id) IS NULL BEGIN
  SELECT RAISE(ABORT, 'bureau: only an issued invoice is written off');
END;
CREATE TRIGGER invoice_write_offs_no_update BEFORE UPDATE ON invoice_write_offs BEGIN
  SELECT RAISE(ABORT, 'bureau: the payment ledger only grows');
END;
CREATE TRIGGER invoice_write_offs_no_delete BEFORE DELETE ON invoice_write_offs BEGIN
  SELECT RAISE(ABORT, 'bureau: the payment ledger only grows');
END;
CREATE TRIGGER invoice_series_years_no_update BEFORE UPDATE ON invoice_series_years BEGIN
  SELECT RAISE(ABORT, 'bureau: where a series began stays as it is');
END;
CREATE TRIGGER invoice_series_years_no_delete BEFORE DELETE ON invoice_series_years BEGIN
  SELECT RAISE(ABORT, 'bureau: where a series began stays as it is');
END;

-- INSERT OR REPLACE and UPDATE OR REPLACE remove the row in their way without a DELETE trigger; so a key that is taken
-- is refused before.
CREATE TRIGGER invoice_series_years_no_replace BEFORE INSERT ON invoice_series_years
WHEN EXISTS (SELECT 1 FROM invoice_series_years WHERE series_id = NEW.series_id AND year = NEW.year) BEGIN
  SELECT RAISE(ABORT, 'bureau: where a series began stays as it is');
END;
CREATE TRIGGER invoices_no_replace BEFORE INSERT ON invoices
WHEN EXISTS (SELECT 1 FROM invoices WHERE id = NEW.id)
  OR EXISTS (SELECT 1 FROM invoices WHERE number = NEW.number)
  OR EXISTS (SELECT 1 FROM invoices WHERE series_id = NEW.series_id AND series_year = NEW.series_year AND seq = NEW.seq) BEGIN
  SELECT RAISE(ABORT, 'bureau: an issued invoice is frozen');
END;
CREATE TRIGGER invoices_no_replace_reissue BEFORE INSERT ON invoices
WHEN EXISTS (SELECT 1 FROM invoices WHERE reissues_id = NEW.reissues_id) BEGIN
  SELECT RAISE(ABORT, 'bureau: an invoice is drafted anew once');
END;
CREATE TRIGGER invoices_no_replace_reissue_update BEFORE UPDATE OF reissues_id ON invoices
WHEN EXISTS (SELECT 1 FROM invoices WHERE reissues_id = NEW.reissues_id AND id <> OLD.id) BEGIN
  SELECT RAISE(ABORT, 'bureau: an invoice is drafted anew once');
END;
CREATE TRIGGER invoices_no_replace_update BEFORE UPDATE OF id, number, series_id, series_year, seq ON invoices
WHEN NEW.id IS NOT OLD.id
  OR EXISTS (SELECT 1 FROM invoices WHERE number = NEW.number AND id <> OLD.id)
  OR EXISTS (SELECT 1 FROM invoices WHERE series_id = NEW.series_id AND series_year = NEW.series_year AND seq = NEW.seq AND id <> OLD.id) BEGIN
  SELECT RAISE(ABORT, 'bureau: this number is taken already');
END;
CREATE TRIGGER invoice_lines_no_replace BEFORE INSERT ON invoice_lines
WHEN EXISTS (SELECT 1 FROM invoice_lines WHERE id = NEW.id) BEGIN
  SELECT RAISE(ABORT, 'bureau: an issued invoice is frozen');
END;
CREATE TRIGGER invoice_lines_no_replace_update BEFORE UPDATE OF id ON invoice_lines WHEN NEW.id IS NOT OLD.id BEGIN
  SELECT RAISE(ABORT, 'bureau: an issued invoice is frozen');
END;
CREATE TRIGGER invoice_documents_no_replace BEFORE INSERT ON invoice_documents
WHEN EXISTS (SELECT 1 FROM invoice_documents WHERE invoice_id = NEW.invoice_id) BEGIN
  SELECT RAISE(ABORT, 'bureau: an issued invoice is frozen');
END;
CREATE TRIGGER payments_no_replace BEFORE INSERT ON payments
WHEN EXISTS (SELECT 1 FROM payments WHERE id = NEW.id) BEGIN
  SELECT RAISE(ABORT, 'bureau: the payment ledger only grows');
END;
CREATE TRIGGER payments_no_replace_key BEFORE INSERT ON payments
WHEN EXISTS (SELECT 1 FROM payments WHERE reverses_id = NEW.reverses_id)
  OR EXISTS (SELECT 1 FROM payments WHERE idempotency_key = NEW.idempotency_key) BEGIN
  SELECT RAISE(ABORT, 'bureau: this payment has been recorded already');
END;
CREATE TRIGGER payment_allocations_no_replace BEFORE INSERT ON payment_allocations
WHEN EXISTS (SELECT 1 FROM payment_allocations WHERE id = NEW.id) BEGIN
  SELECT RAISE(ABORT, 'bureau: the payment ledger only grows');
END;
CREATE TRIGGER released_entries_no_replace BEFORE INSERT ON released_entries
WHEN EXISTS (SELECT 1 FROM released_entries WHERE id = NEW.id OR (time_entry_id = NEW.time_entry_id AND invoice_line_id = NEW.invoice_line_id)) BEGIN
  SELECT RAISE(ABORT, 'bureau: what was given back stays on record');
END;
CREATE TRIGGER credit_allocations_no_replace BEFORE INSERT ON credit_allocations
WHEN EXISTS (SELECT 1 FROM credit_allocations WHERE id = NEW.id) BEGIN
  SELECT RAISE(ABORT, 'bureau: the payment ledger only grows');
END;
CREATE TRIGGER invoice_write_offs_no_replace BEFORE INSERT ON invoice_write_offs
WHEN EXISTS (SELECT 1 FROM invoice_write_offs WHERE id = NEW.id) BEGIN
  SELECT RAISE(ABORT, 'bureau: the payment ledger only grows');
END;
