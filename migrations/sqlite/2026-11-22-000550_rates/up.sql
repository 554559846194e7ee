-- What an hour costs from a date on. The most specific scope that has started by the entry's local
-- date wins: task, project member, project, client, member, agency. Rows are dated, never rewritten.
CREATE TABLE rates (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('bill', 'cost')),
  scope TEXT NOT NULL CHECK (scope IN ('task', 'project_member', 'project', 'client', 'member', 'agency')),
  client_id BIGINT REFERENCES clients (id),
  project_id BIGINT REFERENCES projects (id),
  task_id BIGINT REFERENCES tasks (id),
  user_id BIGINT REFERENCES users (id),
  -- Per hour, in minor units of the client's currency; for member and agency of the agency's.
  -- NULL ends a rate: from that date the next wider scope counts.
  amount_cents BIGINT CHECK (amount_cents >= 0),
  starts_on DATE NOT NULL,
  created_by BIGINT REFERENCES users (id),
  created_at TIMESTAMP NOT NULL,
  CHECK ((scope = 'task') = (task_id IS NOT NULL)),
  CHECK ((scope IN ('project', 'project_member')) = (project_id IS NOT NULL)),
  CHECK ((scope = 'client') = (client_id IS NOT NULL)),
  CHECK ((scope IN ('member', 'project_member')) = (user_id IS NOT NULL))
);
CREATE UNIQUE INDEX rates_scope_key ON rates
  (kind, scope, coalesce(client_id, 0), coalesce(project_id, 0), coalesce(task_id, 0), coalesce(user_id, 0), starts_on);
CREATE INDEX rates_client_idx ON rates (client_id);
CREATE INDEX rates_project_idx ON rates (project_id);
CREATE INDEX rates_task_idx ON rates (task_id);
CREATE INDEX rates_user_idx ON rates (user_id);
