-- Every change, by whom and when. Rows are written in the change's own transaction and never altered.
CREATE TABLE activities (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  occurred_at TIMESTAMP NOT NULL,
  actor_id BIGINT REFERENCES users (id),
  action TEXT NOT NULL,
  subject_type TEXT NOT NULL,
  subject_id BIGINT NOT NULL,
  subject_label TEXT NOT NULL,
  client_id BIGINT,
  project_id BIGINT,
  task_id BIGINT,
  invoice_id BIGINT,
  changes TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX activities_client_idx ON activities (client_id, id);
CREATE INDEX activities_project_idx ON activities (project_id, id);
CREATE INDEX activities_task_idx ON activities (task_id, id);
CREATE INDEX activities_invoice_idx ON activities (invoice_id, id);
CREATE INDEX activities_actor_idx ON activities (actor_id, id);
-- The whole log is read by time, since clocks and numbers need not agree.
CREATE INDEX activities_time_idx ON activities (occurred_at, id);
CREATE INDEX activities_actor_time_idx ON activities (actor_id, occurred_at, id);
CREATE INDEX activities_client_time_idx ON activities (client_id, occurred_at, id);
CREATE INDEX activities_subject_time_idx ON activities (subject_type, occurred_at, id);
CREATE INDEX activities_action_time_idx ON activities (action, occurred_at, id);
-- What is gone, so that a timeline does not lead there.
CREATE INDEX activities_deleted_idx ON activities (subject_id, subject_type) WHERE action = 'deleted';

-- Writers only append here; a background pass chains the rows, so that no writer waits for another's hash.
CREATE TABLE unsealed_activities (
  activity_id BIGINT PRIMARY KEY NOT NULL REFERENCES activities (id)
);
CREATE TABLE activity_seals (
  seq BIGINT PRIMARY KEY NOT NULL,
  activity_id BIGINT NOT NULL UNIQUE REFERENCES activities (id),
  previous_hash TEXT NOT NULL,
  hash TEXT NOT NULL
);
-- The last link that was made, so that a chain whose end was cut off contradicts it. It only moves on.
CREATE TABLE activity_chain (
  id BIGINT PRIMARY KEY NOT NULL CHECK (id = 1),
  seq BIGINT NOT NULL,
  hash TEXT NOT NULL
);
INSERT INTO activity_chain (id, seq, hash) VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');

CREATE TRIGGER activities_await_seal AFTER INSERT ON activities BEGIN
  INSERT INTO unsealed_activities (activity_id) VALUES (NEW.id);
END;
CREATE TRIGGER activities_no_update BEFORE UPDATE ON activities BEGIN
  SELECT RAISE(ABORT, 'bureau: activity is append-only');
END;
CREATE TRIGGER activities_no_delete BEFORE DELETE ON activities BEGIN
  SELECT RAISE(ABORT, 'bureau: activity is append-only');
END;
CREATE TRIGGER activity_seals_no_update BEFORE UPDATE ON activity_seals BEGIN
  SELECT RAISE(ABORT, 'bureau: activity is append-only');
END;
CREATE TRIGGER activity_seals_no_delete BEFORE DELETE ON activity_seals BEGIN
  SELECT RAISE(ABORT, 'bureau: activity is append-only');
END;
CREATE TRIGGER activity_chain_no_return BEFORE UPDATE ON activity_chain WHEN NEW.id <> OLD.id OR NEW.seq <= OLD.seq BEGIN
  SELECT RAISE(ABORT, 'bureau: activity is append-only');
END;
CREATE TRIGGER activity_chain_no_delete BEFORE DELETE ON activity_chain BEGIN
  SELECT RAISE(ABORT, 'bureau: activity is append-only');
END;
-- INSERT OR REPLACE removes a row without a DELETE trigger; so a key that is taken is refused before.
CREATE TRIGGER activities_no_replace BEFORE INSERT ON activities
WHEN EXISTS (SELECT 1 FROM activities WHERE id = NEW.id) BEGIN
  SELECT RAISE(ABORT, 'bureau: activity is append-only');
END;
CREATE TRIGGER activity_seals_no_replace BEFORE INSERT ON activity_seals
WHEN EXISTS (SELECT 1 FROM activity_seals WHERE seq = NEW.seq OR activity_id = NEW.activity_id) BEGIN
  SELECT RAISE(ABORT, 'bureau: activity is append-only');
END;
CREATE TRIGGER activity_chain_no_replace BEFORE INSERT ON activity_chain
WHEN EXISTS (SELECT 1 FROM activity_chain WHERE id = NEW.id) BEGIN
  SELECT RAISE(ABORT, 'bureau: activity is append-only');
END;
