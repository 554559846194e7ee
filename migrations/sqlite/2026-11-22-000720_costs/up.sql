-- What was bought for a client: what it cost us, and what the client pays for it. Amounts are minor units of the client's
-- currency. is_unbilled is held true by the triggers on the claims.
CREATE TABLE expenses (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  client_id BIGINT NOT NULL REFERENCES clients (id),
  project_id BIGINT,
  spent_on DATE NOT NULL,
  title TEXT NOT NULL,
  supplier TEXT NOT NULL DEFAULT '',
  cost_cents BIGINT NOT NULL CHECK (cost_cents >= 0),
  price_cents BIGINT NOT NULL CHECK (price_cents >= 0),
  -- NULL follows the client.
  tax_rate_millis BIGINT CHECK (tax_rate_millis BETWEEN 0 AND 100000),
  is_billable BOOLEAN NOT NULL,
  is_unbilled BOOLEAN NOT NULL,
  created_by BIGINT REFERENCES users (id),
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  version BIGINT NOT NULL DEFAULT 1,
  FOREIGN KEY (project_id, client_id) REFERENCES projects (id, client_id),
  CHECK (is_billable OR NOT is_unbilled)
);
CREATE INDEX expenses_client_idx ON expenses (client_id, id);
CREATE INDEX expenses_project_idx ON expenses (project_id, id);
CREATE INDEX expenses_unbilled_idx ON expenses (client_id, spent_on, id, price_cents, is_unbilled) WHERE is_unbilled;

-- Billed once: the primary key is the claim, as with hours.
CREATE TABLE billed_expenses (
  expense_id BIGINT PRIMARY KEY NOT NULL REFERENCES expenses (id),
  invoice_line_id BIGINT NOT NULL REFERENCES invoice_lines (id)
);
CREATE INDEX billed_expenses_line_idx ON billed_expenses (invoice_line_id);
CREATE TABLE billed_milestones (
  milestone_id BIGINT PRIMARY KEY NOT NULL REFERENCES milestones (id),
  invoice_line_id BIGINT NOT NULL REFERENCES invoice_lines (id)
);
CREATE INDEX billed_milestones_line_idx ON billed_milestones (invoice_line_id);
CREATE TABLE billed_charges (
  charge_id BIGINT PRIMARY KEY NOT NULL REFERENCES retainer_charges (id),
  invoice_line_id BIGINT NOT NULL REFERENCES invoice_lines (id)
);
CREATE INDEX billed_charges_line_idx ON billed_charges (invoice_line_id);

-- Costs that a credit note gave back, so that they can be billed again; the line that billed them first stays named.
CREATE TABLE released_costs (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  expense_id BIGINT REFERENCES expenses (id),
  milestone_id BIGINT REFERENCES milestones (id),
  charge_id BIGINT REFERENCES retainer_charges (id),
  invoice_line_id BIGINT NOT NULL REFERENCES invoice_lines (id),
  credit_line_id BIGINT NOT NULL REFERENCES invoice_lines (id),
  CHECK ((CASE WHEN expense_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN milestone_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN charge_id IS NULL THEN 0 ELSE 1 END) = 1),
  UNIQUE (expense_id, invoice_line_id),
  UNIQUE (milestone_id, invoice_line_id),
  UNIQUE (charge_id, invoice_line_id)
);
CREATE INDEX released_costs_line_idx ON released_costs (invoice_line_id);
CREATE INDEX released_costs_credit_idx ON released_costs (credit_line_id);

-- Deposits that lines take off, a line for each tax: each once.
CREATE TABLE deducted_deposits (
  deposit_id BIGINT NOT NULL REFERENCES invoices (id),
  part BIGINT NOT NULL CHECK (part >= 1),
  invoice_line_id BIGINT NOT NULL UNIQUE REFERENCES invoice_lines (id),
  PRIMARY KEY (deposit_id, part)
);

CREATE TRIGGER billed_expenses_claim BEFORE INSERT ON billed_expenses
WHEN NOT (SELECT is_unbilled FROM expenses WHERE id = NEW.expense_id) BEGIN
  SELECT RAISE(ABORT, 'bureau: this expense is not free to bill');
END;
CREATE TRIGGER billed_expenses_settle AFTER INSERT ON billed_expenses BEGIN
  UPDATE expenses SET is_unbilled = FALSE WHERE id = NEW.expense_id;
END;
CREATE TRIGGER billed_expenses_release AFTER DELETE ON billed_expenses BEGIN
  UPDATE expenses SET is_unbilled = TRUE WHERE id = OLD.expense_id;
END;
CREATE TRIGGER expenses_claimed BEFORE UPDATE ON expenses
WHEN EXISTS (SELECT 1 FROM billed_expenses WHERE expense_id = OLD.id) AND (
  NEW.client_id IS NOT OLD.client_id OR NEW.project_id IS NOT OLD.project_id OR NEW.spent_on IS NOT OLD.spent_on OR NEW.title IS NOT OLD.title OR NEW.supplier IS NOT OLD.supplier OR NEW.cost_cents IS NOT OLD.cost_cents OR NEW.price_cents IS NOT OLD.price_cents OR NEW.tax_rate_millis IS NOT OLD.tax_rate_millis OR NEW.is_billable IS NOT OLD.is_billable OR NEW.is_unbilled) BEGIN
  SELECT RAISE(ABORT, 'bureau: this expense is on an invoice');
END;
CREATE TRIGGER billed_charges_claim BEFORE INSERT ON billed_charges
WHEN NOT (SELECT is_unbilled FROM retainer_charges WHERE id = NEW.charge_id) BEGIN
  SELECT RAISE(ABORT, 'bureau: this charge of a retainer is not free to bill');
END;
CREATE TRIGGER billed_charges_settle AFTER INSERT ON billed_charges BEGIN
  UPDATE retainer_charges SET is_unbilled = FALSE WHERE id = NEW.charge_id;
END;
CREATE TRIGGER billed_charges_release AFTER DELETE ON billed_charges BEGIN
  UPDATE retainer_charges SET is_unbilled = TRUE WHERE id = OLD.charge_id;
END;
CREATE TRIGGER retainer_charges_claimed BEFORE UPDATE OF is_unbilled ON retainer_charges
WHEN NEW.is_unbilled = EXISTS (SELECT 1 FROM billed_charges WHERE charge_id = OLD.id) BEGIN
  SELECT RAISE(ABORT, 'bureau: whether a charge is billed is said by its claim');
END;
CREATE TRIGGER billed_expenses_frozen_insert BEFORE INSERT ON billed_expenses
WHEN (SELECT i.issued_at FROM invoices i JOIN invoice_lines l ON l.invoice_id = i.id WHERE l.id = NEW.invoice_line_id) IS NOT NULL BEGIN
  SELECT RAISE(ABORT, 'bureau: an issued invoice is frozen');
END;
CREATE TRIGGER billed_expenses_no_update BEFORE UPDATE ON billed_expenses BEGIN
  SELECT RAISE(ABORT, 'bureau: a claim is released and taken anew, never moved');
END;
CREATE TRIGGER billed_expenses_frozen_delete BEFORE DELETE ON billed_expenses
WHEN (SELECT i.issued_at FROM invoices i JOIN invoice_lines l ON l.invoice_id = i.id WHERE l.id = OLD.invoice_line_id) IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM invoice_lines l WHERE l.id = OLD.invoice_line_id AND l.quantity_e4 <= (
    SELECT coalesce(SUM(c.quantity_e4), 0) FROM invoice_lines c JOIN invoices n ON n.id = c.invoice_id AND n.issued_at IS NOT NULL WHERE c.corrects_line_id = l.id)) BEGIN
  SELECT RAISE(ABORT, 'bureau: an issued invoice is frozen');
END;
CREATE TRIGGER billed_milestones_frozen_insert BEFORE INSERT ON billed_milestones
WHEN (SELECT i.issued_at FROM invoices i JOIN invoice_lines l ON l.invoice_id = i.id WHERE l.id = NEW.invoice_line_id) IS NOT NULL BEGIN
  SELECT RAISE(ABORT, 'bureau: an issued invoice is frozen');
END;
CREATE TRIGGER billed_milestones_no_update BEFORE UPDATE ON billed_milestones BEGIN
  SELECT RAISE(ABORT, 'bureau: a claim is released and taken anew, never moved');
END;
CREATE TRIGGER billed_milestones_frozen_delete BEFORE DELETE ON billed_milestones
WHEN (SELECT i.issued_at FROM invoices i JOIN invoice_lines l ON l.invoice_id = i.id WHERE l.id = OLD.invoice_line_id) IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM invoice_lines l WHERE l.id = OLD.invoice_line_id AND l.quantity_e4 <= (
    SELECT coalesce(SUM(c.quantity_e4), 0) FROM invoice_lines c JOIN invoices n ON n.id = c.invoice_id AND n.issued_at IS NOT NULL WHERE c.corrects_line_id = l.id)) BEGIN
  SELECT RAISE(ABORT, 'bureau: an issued invoice is frozen');
END;
CREATE TRIGGER billed_charges_frozen_insert BEFORE INSERT ON billed_charges
WHEN (SELECT i.issued_at FROM invoices i JOIN invoice_lines l ON l.invoice_id = i.id WHERE l.id = NEW.invoice_line_id) IS NOT NULL BEGIN
  SELECT RAISE(ABORT, 'bureau: an issued invoice is frozen');
END;
CREATE TRIGGER billed_charges_no_update BEFORE UPDATE ON billed_charges BEGIN
  SELECT RAISE(ABORT, 'bureau: a claim is released and taken anew, never moved');
END;
CREATE TRIGGER billed_charges_frozen_delete BEFORE DELETE ON billed_charges
WHEN (SELECT i.issued_at FROM invoices i JOIN invoice_lines l ON l.invoice_id = i.id WHERE l.id = OLD.invoice_line_id) IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM invoice_lines l WHERE l.id = OLD.invoice_line_id AND l.quantity_e4 <= (
    SELECT coalesce(SUM(c.quantity_e4), 0) FROM invoice_lines c JOIN invoices n ON n.id = c.invoice_id AND n.issued_at IS NOT NULL WHERE c.corrects_line_id = l.id)) BEGIN
  SELECT RAISE(ABORT, 'bureau: an issued invoice is frozen');
END;
CREATE TRIGGER deducted_deposits_frozen_insert BEFORE INSERT ON deducted_deposits
WHEN (SELECT i.issued_at FROM invoices i JOIN invoice_lines l ON l.invoice_id = i.id WHERE l.id = NEW.invoice_line_id) IS NOT NULL
  OR NOT EXISTS (SELECT 1 FROM invoices WHERE id = NEW.deposit_id AND is_deposit AND issued_at IS NOT NULL)
  OR EXISTS (SELECT 1 FROM invoices WHERE corrects_id = NEW.deposit_id AND issued_at IS NOT NULL) BEGIN
  SELECT RAISE(ABORT, 'bureau: an issued deposit is deducted by a draft');
END;
CREATE TRIGGER deducted_deposits_once BEFORE INSERT ON deducted_deposits
WHEN NOT EXISTS (
  SELECT 1 FROM invoices d JOIN invoice_lines l ON l.id = NEW.invoice_line_id JOIN invoices i ON i.id = l.invoice_id
  WHERE d.id = NEW.deposit_id AND i.client_id = d.client_id AND i.currency = d.currency AND i.kind = 'invoice' AND NOT i.is_deposit
    AND NOT EXISTS (SELECT 1 FROM invoices n WHERE n.corrects_id = d.id)
    AND NOT EXISTS (SELECT 1 FROM deducted_deposits x JOIN invoice_lines o ON o.id = x.invoice_line_id WHERE x.deposit_id = d.id AND o.invoice_id <> i.id)) BEGIN
  SELECT RAISE(ABORT, 'bureau: a deposit is deducted by one invoice of its client, unless it was given back');
END;
-- What is no longer expected of a deposit is not given away by a deduction, whichever comes first.
CREATE TRIGGER deducted_deposits_expected BEFORE INSERT ON deducted_deposits
WHEN (SELECT written_off_cents FROM invoices WHERE id = NEW.deposit_id) > 0 BEGIN
  SELECT RAISE(ABORT, 'bureau: a deposit that is written off is not deducted');
END;
CREATE TRIGGER invoice_write_offs_deducted BEFORE INSERT ON invoice_write_offs
WHEN NEW.amount_cents > 0 AND EXISTS (
  SELECT 1 FROM deducted_deposits d JOIN invoice_lines l ON l.id = d.invoice_line_id JOIN invoices i ON i.id = l.invoice_id
  WHERE d.deposit_id = NEW.invoice_id AND i.issued_at IS NULL) BEGIN
  SELECT RAISE(ABORT, 'bureau: a deposit that a draft deducts is not written off');
END;
-- Given back: credited itself, once no line takes it off any more.
CREATE TRIGGER deposits_given_back_insert BEFORE INSERT ON invoices
WHEN EXISTS (SELECT 1 FROM deducted_deposits WHERE deposit_id = NEW.corrects_id) BEGIN
  SELECT RAISE(ABORT, 'bureau: a deposit that was deducted is not given back as well');
END;
CREATE TRIGGER deposits_given_back_update BEFORE UPDATE OF corrects_id ON invoices
WHEN NEW.corrects_id IS NOT OLD.corrects_id AND EXISTS (SELECT 1 FROM deducted_deposits WHERE deposit_id = NEW.corrects_id) BEGIN
  SELECT RAISE(ABORT, 'bureau: a deposit that was deducted is not given back as well');
END;
CREATE TRIGGER deducted_deposits_no_update BEFORE UPDATE ON deducted_deposits BEGIN
  SELECT RAISE(ABORT, 'bureau: a claim is released and taken anew, never moved');
END;
CREATE TRIGGER deducted_deposits_frozen_delete BEFORE DELETE ON deducted_deposits
WHEN (SELECT i.issued_at FROM invoices i JOIN invoice_lines l ON l.invoice_id = i.id WHERE l.id = OLD.invoice_line_id) IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM invoice_lines l WHERE l.id = OLD.invoice_line_id AND l.quantity_e4 <= (
    SELECT coalesce(SUM(c.quantity_e4), 0) FROM invoice_lines c JOIN invoices n ON n.id = c.invoice_id AND n.issued_at IS NOT NULL WHERE c.corrects_line_id = l.id)) BEGIN
  SELECT RAISE(ABORT, 'bureau: an issued invoice is frozen');
END;
CREATE TRIGGER deducted_deposits_locked BEFORE UPDATE ON invoice_lines
WHEN EXISTS (SELECT 1 FROM deducted_deposits WHERE invoice_line_id = OLD.id) AND (
  NEW.quantity_e4 IS NOT OLD.quantity_e4 OR NEW.unit_price_cents IS NOT OLD.unit_price_cents OR NEW.tax_rate_millis IS NOT OLD.tax_rate_millis OR NEW.second_tax_rate_millis IS NOT OLD.second_tax_rate_millis OR NEW.discount_millis IS NOT OLD.discount_millis OR NEW.discount_cents IS NOT OLD.discount_cents OR NEW.deducts_id IS NOT OLD.deducts_id OR NEW.invoice_id IS NOT OLD.invoice_id) BEGIN
  SELECT RAISE(ABORT, 'bureau: a deduction is what the deposit charged');
END;
CREATE TRIGGER deducted_deposits_fit BEFORE UPDATE ON invoices
WHEN OLD.issued_at IS NULL AND NEW.issued_at IS NOT NULL AND EXISTS (
  SELECT 1 FROM deducted_deposits d JOIN invoice_lines l ON l.id = d.invoice_line_id AND l.invoice_id = NEW.id JOIN invoices i ON i.id = d.deposit_id
  GROUP BY i.id, i.net_cents, i.tax_cents
  HAVING -SUM(l.amount_cents) >= COUNT(*) + CASE WHEN NEW.prices_include_tax THEN i.net_cents + i.tax_cents ELSE i.net_cents END) BEGIN
  SELECT RAISE(ABORT, 'bureau: a deduction is what the deposit charged');
END;
CREATE TRIGGER released_costs_credited BEFORE INSERT ON released_costs
WHEN NOT EXISTS (SELECT 1 FROM invoice_lines c JOIN invoice_lines l ON l.id = c.corrects_line_id WHERE c.id = NEW.credit_line_id AND l.id = NEW.invoice_line_id
    AND l.quantity_e4 <= (SELECT SUM(x.quantity_e4) FROM invoice_lines x WHERE x.corrects_line_id = l.id))
  OR NOT EXISTS (
    SELECT 1 FROM billed_expenses WHERE expense_id = NEW.expense_id AND invoice_line_id = NEW.invoice_line_id
    UNION ALL SELECT 1 FROM billed_milestones WHERE milestone_id = NEW.milestone_id AND invoice_line_id = NEW.invoice_line_id
    UNION ALL SELECT 1 FROM billed_charges WHERE charge_id = NEW.charge_id AND invoice_line_id = NEW.invoice_line_id) BEGIN
  SELECT RAISE(ABORT, 'bureau: only a credit note gives billed costs back');
END;
CREATE TRIGGER released_costs_no_update BEFORE UPDATE ON released_costs BEGIN
  SELECT RAISE(ABORT, 'bureau: what was given back stays on record');
END;
CREATE TRIGGER released_costs_no_delete BEFORE DELETE ON released_costs BEGIN
  SELECT RAISE(ABORT, 'bureau: what was given back stays on record');
END;
CREATE TRIGGER released_costs_no_replace BEFORE INSERT ON released_costs
WHEN EXISTS (SELECT 1 FROM released_costs WHERE id = NEW.id OR (invoice_line_id = NEW.invoice_line_id
  AND (expense_id = NEW.expense_id OR milestone_id = NEW.milestone_id OR charge_id = NEW.charge_id))) BEGIN
  SELECT RAISE(ABORT, 'bureau: what was given back stays on record');
END;
CREATE TRIGGER expenses_no_replace BEFORE INSERT ON expenses WHEN EXISTS (SELECT 1 FROM expenses WHERE id = NEW.id) BEGIN
  SELECT RAISE(ABORT, 'bureau: an expense is changed, never replaced');
END;
CREATE TRIGGER deducted_deposits_no_replace BEFORE INSERT ON deducted_deposits
WHEN EXISTS (SELECT 1 FROM deducted_deposits WHERE (deposit_id = NEW.deposit_id AND part = NEW.part) OR invoice_line_id = NEW.invoice_line_id) BEGIN
  SELECT RAISE(ABORT, 'bureau: a claim is released and taken anew, never moved');
END;
