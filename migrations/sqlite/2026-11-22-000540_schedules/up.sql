-- Tasks that come back, which of them were made for which day, and filters of lists that people keep.
CREATE TABLE task_schedules (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  title TEXT NOT NULL,
  description TEXT NOT NULL DEFAULT '',
  -- Titles of the steps that each task gets, a line each.
  steps TEXT NOT NULL DEFAULT '',
  priority TEXT NOT NULL DEFAULT 'normal' CHECK (priority IN ('low', 'normal', 'high', 'urgent')),
  assignee_id BIGINT REFERENCES users (id),
  estimate_seconds BIGINT CHECK (estimate_seconds >= 0),
  every BIGINT NOT NULL CHECK (every BETWEEN 1 AND 366),
  unit TEXT NOT NULL CHECK (unit IN ('day', 'week', 'month')),
  -- The first day; all others count from it, so that a 31st comes back after February.
  anchor_on DATE NOT NULL,
  -- When the next one is made: on its day, or when the one before it is done.
  mode TEXT NOT NULL CHECK (mode IN ('due', 'completed')),
  -- The day of the next one; none while it waits for the one before to be done.
  next_on DATE,
  is_paused BOOLEAN NOT NULL DEFAULT FALSE,
  created_by BIGINT NOT NULL REFERENCES users (id),
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  version BIGINT NOT NULL DEFAULT 1
);
CREATE INDEX task_schedules_next_idx ON task_schedules (next_on, id);
CREATE INDEX task_schedules_project_idx ON task_schedules (project_id);

-- One task for each day of a schedule, however many processes make them.
CREATE TABLE task_occurrences (
  schedule_id BIGINT NOT NULL REFERENCES task_schedules (id) ON DELETE CASCADE,
  period_on DATE NOT NULL,
  task_id BIGINT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  PRIMARY KEY (schedule_id, period_on)
);
CREATE UNIQUE INDEX task_occurrences_task_key ON task_occurrences (task_id);

CREATE TABLE task_views (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  user_id BIGINT NOT NULL REFERENCES users (id),
  name TEXT NOT NULL,
  -- Path and query of the list or board.
  address TEXT NOT NULL,
  is_shared BOOLEAN NOT NULL DEFAULT FALSE,
  created_at TIMESTAMP NOT NULL
);
CREATE INDEX task_views_user_idx ON task_views (user_id, name, id);
CREATE INDEX task_views_shared_idx ON task_views (name, id, is_shared) WHERE is_shared;
