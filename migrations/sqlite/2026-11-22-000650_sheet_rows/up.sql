-- Rows that a person's timesheet shows before there are hours on them: of one week, or of every week.
CREATE TABLE sheet_rows (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  user_id BIGINT NOT NULL REFERENCES users (id),
  -- The Thursday of its week, which names it; NULL is a favourite, which stands in every week.
  thursday DATE,
  project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  task_id BIGINT,
  created_at TIMESTAMP NOT NULL,
  FOREIGN KEY (task_id, project_id) REFERENCES tasks (id, project_id) ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE UNIQUE INDEX sheet_rows_week_key ON sheet_rows (user_id, thursday, project_id, coalesce(task_id, 0));
CREATE UNIQUE INDEX sheet_rows_favourite_key ON sheet_rows (user_id, project_id, coalesce(task_id, 0)) WHERE thursday IS NULL;
CREATE INDEX sheet_rows_project_idx ON sheet_rows (project_id);
CREATE INDEX sheet_rows_task_idx ON sheet_rows (task_id);
