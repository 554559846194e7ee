-- Words of the agency's own that tasks are sorted by, each in one of the colours that charts have.
CREATE TABLE labels (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  name TEXT NOT NULL,
  -- The name folded (case, accents): no two labels read alike.
  name_key TEXT NOT NULL UNIQUE,
  colour TEXT NOT NULL CHECK (colour IN ('c1', 'c2', 'c3', 'c4', 'c5', 'c6')),
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  version BIGINT NOT NULL DEFAULT 1
);
CREATE TABLE task_labels (
  task_id BIGINT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  label_id BIGINT NOT NULL REFERENCES labels (id) ON DELETE CASCADE,
  PRIMARY KEY (task_id, label_id)
);
CREATE INDEX task_labels_label_idx ON task_labels (label_id);
