-- How hours become billed hours. The rule of a project counts before its client's, and that before the agency's; without
-- any the time is billed as it was worked. Worked seconds are never rounded.
CREATE TABLE rounding_rules (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  client_id BIGINT REFERENCES clients (id) ON DELETE CASCADE,
  project_id BIGINT REFERENCES projects (id) ON DELETE CASCADE,
  mode TEXT NOT NULL CHECK (mode IN ('none', 'up', 'nearest', 'down')),
  step_seconds BIGINT NOT NULL CHECK (step_seconds BETWEEN 60 AND 28800),
  minimum_seconds BIGINT NOT NULL CHECK (minimum_seconds BETWEEN 0 AND 28800),
  basis TEXT NOT NULL CHECK (basis IN ('entry', 'day_and_task')),
  updated_at TIMESTAMP NOT NULL,
  CHECK (client_id IS NULL OR project_id IS NULL)
);
CREATE UNIQUE INDEX rounding_rules_scope_key ON rounding_rules (coalesce(client_id, 0), coalesce(project_id, 0));
CREATE INDEX rounding_rules_client_idx ON rounding_rules (client_id);
CREATE INDEX rounding_rules_project_idx ON rounding_rules (project_id);
