-- Work that is done apart from the request that asked for it, at least once. Who runs a job holds a lease; what becomes
-- of it counts only while that and the number of the attempt stand. Nothing secret is among the arguments.
CREATE TABLE jobs (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  kind TEXT NOT NULL,
  args TEXT NOT NULL,
  unique_key TEXT,
  state TEXT NOT NULL CHECK (state IN ('available', 'running', 'retry', 'done', 'dead', 'cancelled')),
  run_at TIMESTAMP NOT NULL,
  attempt BIGINT NOT NULL DEFAULT 0,
  most_attempts BIGINT NOT NULL,
  crash_count BIGINT NOT NULL DEFAULT 0,
  locked_by TEXT,
  lease_expires_at TIMESTAMP,
  error TEXT NOT NULL DEFAULT '',
  created_at TIMESTAMP NOT NULL,
  finished_at TIMESTAMP,
  CHECK ((state = 'running') = (locked_by IS NOT NULL)),
  CHECK ((locked_by IS NULL) = (lease_expires_at IS NULL)),
  CHECK ((state IN ('done', 'dead', 'cancelled')) = (finished_at IS NOT NULL))
);
-- The same work waits once.
CREATE UNIQUE INDEX jobs_open_key ON jobs (kind, unique_key) WHERE unique_key IS NOT NULL AND finished_at IS NULL;
CREATE INDEX jobs_open_due_idx ON jobs (kind, run_at, id) WHERE finished_at IS NULL AND locked_by IS NULL;
CREATE INDEX jobs_open_lease_idx ON jobs (lease_expires_at) WHERE state = 'running';
CREATE INDEX jobs_state_idx ON jobs (state, id);
CREATE INDEX jobs_finished_idx ON jobs (finished_at);
