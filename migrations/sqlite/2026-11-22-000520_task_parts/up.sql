-- The steps of a task, and which other tasks it waits for.
CREATE TABLE checklist_items (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  task_id BIGINT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  position BIGINT NOT NULL,
  title TEXT NOT NULL,
  is_done BOOLEAN NOT NULL DEFAULT FALSE,
  created_at TIMESTAMP NOT NULL,
  version BIGINT NOT NULL DEFAULT 1
);
CREATE INDEX checklist_items_task_idx ON checklist_items (task_id, position, id, is_done);

-- That no task waits for itself by way of others is held by the verb that adds a row, alone at it.
CREATE TABLE task_dependencies (
  task_id BIGINT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  blocker_id BIGINT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  created_at TIMESTAMP NOT NULL,
  PRIMARY KEY (task_id, blocker_id),
  CHECK (task_id <> blocker_id)
);
CREATE INDEX task_dependencies_blocker_idx ON task_dependencies (blocker_id, task_id);
