-- A plan of a project to be begun again: what it is, how it is billed, and its tasks with dates counted from the start.
CREATE TABLE project_templates (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL UNIQUE,
  description TEXT NOT NULL DEFAULT '',
  color TEXT NOT NULL CHECK (color IN ('c1', 'c2', 'c3', 'c4', 'c5', 'c6')),
  billing_model TEXT NOT NULL CHECK (billing_model IN ('hourly', 'fixed_price', 'retainer', 'milestones', 'non_billable')),
  -- Of all its amounts: a client with another gets none of them.
  currency TEXT NOT NULL,
  price_cents BIGINT CHECK (price_cents >= 0),
  rate_cents BIGINT CHECK (rate_cents >= 0),
  budget_seconds BIGINT CHECK (budget_seconds >= 0),
  budget_cents BIGINT CHECK (budget_cents >= 0),
  -- Days from the start to the day on which it is due.
  due_days BIGINT CHECK (due_days BETWEEN 0 AND 3660),
  created_by BIGINT NOT NULL REFERENCES users (id),
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  version BIGINT NOT NULL DEFAULT 1,
  CHECK (price_cents IS NULL OR billing_model = 'fixed_price')
);

CREATE TABLE template_tasks (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  template_id BIGINT NOT NULL REFERENCES project_templates (id) ON DELETE CASCADE,
  position BIGINT NOT NULL,
  title TEXT NOT NULL,
  description TEXT NOT NULL DEFAULT '',
  -- Titles of the checklist's steps, a line each.
  steps TEXT NOT NULL DEFAULT '',
  priority TEXT NOT NULL CHECK (priority IN ('urgent', 'high', 'normal', 'low')),
  estimate_seconds BIGINT CHECK (estimate_seconds >= 0),
  -- Days from the start of the project.
  due_days BIGINT CHECK (due_days BETWEEN 0 AND 3660),
  is_client_visible BOOLEAN NOT NULL,
  version BIGINT NOT NULL DEFAULT 1
);
CREATE INDEX template_tasks_template_idx ON template_tasks (template_id, position, id);

CREATE TABLE template_task_labels (
  template_task_id BIGINT NOT NULL REFERENCES template_tasks (id) ON DELETE CASCADE,
  label_id BIGINT NOT NULL REFERENCES labels (id) ON DELETE CASCADE,
  PRIMARY KEY (template_task_id, label_id)
);
CREATE INDEX template_task_labels_label_idx ON template_task_labels (label_id);
