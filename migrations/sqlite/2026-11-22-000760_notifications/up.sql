-- Who was told what: one row a person. Each kind tells of one thing; without an actor it was the clock.
CREATE TABLE notifications (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  user_id BIGINT NOT NULL REFERENCES users (id),
  kind TEXT NOT NULL CHECK (kind IN (
    'assigned', 'mentioned', 'commented', 'completed', 'reopened', 'hours_used', 'money_used', 'invoice_drafted',
    'recurring_paused', 'second_factor_removed'
  )),
  task_id BIGINT REFERENCES tasks (id) ON DELETE CASCADE,
  comment_id BIGINT REFERENCES task_comments (id) ON DELETE CASCADE,
  project_id BIGINT REFERENCES projects (id) ON DELETE CASCADE,
  percent BIGINT CHECK (percent BETWEEN 1 AND 100),
  invoice_id BIGINT REFERENCES invoices (id) ON DELETE CASCADE,
  recurring_id BIGINT REFERENCES recurring_invoices (id) ON DELETE CASCADE,
  actor_id BIGINT REFERENCES users (id),
  created_at TIMESTAMP NOT NULL,
  read_at TIMESTAMP,
  CHECK ((task_id IS NULL) = (kind IN (
    'hours_used', 'money_used', 'invoice_drafted', 'recurring_paused', 'second_factor_removed'
  ))),
  CHECK (comment_id IS NULL OR task_id IS NOT NULL),
  CHECK ((project_id IS NULL) = (kind NOT IN ('hours_used', 'money_used'))),
  CHECK ((percent IS NULL) = (project_id IS NULL)),
  CHECK ((invoice_id IS NULL) = (kind <> 'invoice_drafted')),
  CHECK ((recurring_id IS NULL) = (kind <> 'recurring_paused'))
);
CREATE INDEX notifications_user_idx ON notifications (user_id, id);
CREATE INDEX notifications_unread_idx ON notifications (user_id, id, read_at) WHERE read_at IS NULL;
CREATE INDEX notifications_task_idx ON notifications (task_id);
CREATE INDEX notifications_comment_idx ON notifications (comment_id);
CREATE INDEX notifications_project_idx ON notifications (project_id);
CREATE INDEX notifications_invoice_idx ON notifications (invoice_id);
CREATE INDEX notifications_recurring_idx ON notifications (recurring_id);

-- Marks of budgets that were told of. A mark that is no longer passed, since the budget grew, leaves the table.
CREATE TABLE budget_marks (
  project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  is_money BOOLEAN NOT NULL,
  percent BIGINT NOT NULL CHECK (percent BETWEEN 1 AND 100),
  told_at TIMESTAMP NOT NULL,
  PRIMARY KEY (project_id, is_money, percent)
);
