-- What is agreed to be there by a day, and what is paid for it. A milestone with an amount that is reached waits to be
-- billed: is_unbilled says so, and whoever claims it for a line of an invoice takes it away and gives it back.
CREATE TABLE milestones (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  project_id BIGINT NOT NULL REFERENCES projects (id),
  title TEXT NOT NULL,
  due_on DATE,
  -- due_on with "no date" at the far end: the order of the list.
  due_order DATE NOT NULL,
  -- In minor units of the client's currency; NULL is not paid for by itself.
  amount_cents BIGINT CHECK (amount_cents > 0),
  reached_on DATE,
  is_unbilled BOOLEAN NOT NULL DEFAULT FALSE,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  version BIGINT NOT NULL DEFAULT 1,
  CHECK (NOT is_unbilled OR (reached_on IS NOT NULL AND amount_cents IS NOT NULL))
);
CREATE INDEX milestones_project_idx ON milestones (project_id, due_order, id);
CREATE INDEX milestones_unbilled_idx ON milestones (project_id, reached_on, id, is_unbilled) WHERE is_unbilled;
-- Reached, paid for and not waiting is on an invoice: then it stays as it was billed.
CREATE TRIGGER milestones_billed BEFORE UPDATE OF project_id, title, amount_cents, reached_on ON milestones
WHEN OLD.reached_on IS NOT NULL AND OLD.amount_cents IS NOT NULL AND NOT OLD.is_unbilled
BEGIN SELECT RAISE(ABORT, 'bureau: this milestone is on an invoice'); END;
CREATE TRIGGER milestones_billed_delete BEFORE DELETE ON milestones
WHEN OLD.reached_on IS NOT NULL AND OLD.amount_cents IS NOT NULL AND NOT OLD.is_unbilled
BEGIN SELECT RAISE(ABORT, 'bureau: this milestone is on an invoice'); END;
