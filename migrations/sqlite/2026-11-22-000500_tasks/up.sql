-- client_id repeats the project's client, and due_order is due_on with "no date" at the far end:
-- both so that every filter of the list walks one index. A project that moves takes its tasks along.
CREATE TABLE tasks (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  client_id BIGINT NOT NULL REFERENCES clients (id),
  project_id BIGINT NOT NULL,
  title TEXT NOT NULL,
  -- The title folded (case, accents), for the search.
  title_key TEXT NOT NULL,
  description TEXT NOT NULL DEFAULT '',
  description_html TEXT NOT NULL DEFAULT '',
  status TEXT NOT NULL CHECK (status IN ('todo', 'doing', 'review', 'done')),
  priority TEXT NOT NULL DEFAULT 'normal' CHECK (priority IN ('low', 'normal', 'high', 'urgent')),
  assignee_id BIGINT REFERENCES users (id),
  due_on DATE,
  due_order DATE NOT NULL,
  estimate_seconds BIGINT CHECK (estimate_seconds >= 0),
  is_billable BOOLEAN NOT NULL DEFAULT TRUE,
  is_client_visible BOOLEAN NOT NULL DEFAULT FALSE,
  -- The place in its column of the board. Places lie far apart, so that a card that moves is one row that changes.
  position BIGINT NOT NULL DEFAULT 0,
  completed_at TIMESTAMP,
  created_by BIGINT REFERENCES users (id),
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  version BIGINT NOT NULL DEFAULT 1,
  UNIQUE (id, project_id),
  FOREIGN KEY (project_id, client_id) REFERENCES projects (id, client_id) ON UPDATE CASCADE,
  CHECK ((status = 'done') = (completed_at IS NOT NULL))
);
CREATE INDEX tasks_order_idx ON tasks (due_order, id);
CREATE INDEX tasks_client_idx ON tasks (client_id, due_order, id);
CREATE INDEX tasks_project_idx ON tasks (project_id, due_order, id);
CREATE INDEX tasks_assignee_idx ON tasks (assignee_id, due_order, id);
CREATE INDEX tasks_status_idx ON tasks (status, due_order, id);
-- What was done last, for the last column of the board.
CREATE INDEX tasks_done_idx ON tasks (completed_at, id) WHERE completed_at IS NOT NULL;
CREATE INDEX tasks_done_client_idx ON tasks (client_id, completed_at, id) WHERE completed_at IS NOT NULL;
CREATE INDEX tasks_done_project_idx ON tasks (project_id, completed_at, id) WHERE completed_at IS NOT NULL;
CREATE INDEX tasks_done_assignee_idx ON tasks (assignee_id, completed_at, id) WHERE completed_at IS NOT NULL;
CREATE INDEX tasks_open_idx ON tasks (due_order, id, completed_at) WHERE completed_at IS NULL;
CREATE INDEX tasks_open_client_idx ON tasks (client_id, due_order, id, completed_at) WHERE completed_at IS NULL;
CREATE INDEX tasks_open_project_idx ON tasks (project_id, due_order, id, completed_at) WHERE completed_at IS NULL;
CREATE INDEX tasks_open_assignee_idx ON tasks (assignee_id, due_order, id, completed_at) WHERE completed_at IS NULL;

-- A new card stands below all that were there before it.
CREATE TRIGGER tasks_take_a_place AFTER INSERT ON tasks WHEN NEW.position = 0 BEGIN
  UPDATE tasks SET position = NEW.id * 1048576 WHERE id = NEW.id;
END;

-- body_html is the sanitised rendering, made once at save.
CREATE TABLE task_comments (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  task_id BIGINT NOT NULL REFERENCES tasks (id),
  author_id BIGINT NOT NULL REFERENCES users (id),
  body TEXT NOT NULL,
  body_html TEXT NOT NULL,
  edited_at TIMESTAMP,
  created_at TIMESTAMP NOT NULL,
  version BIGINT NOT NULL DEFAULT 1
);
CREATE INDEX task_comments_task_idx ON task_comments (task_id, id);
