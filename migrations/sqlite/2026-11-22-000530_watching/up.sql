-- Who follows a task, who was named in it, and what comments said before.
-- Somebody who has had enough stays in the table, muted, so that nothing they do makes them a follower again.
CREATE TABLE task_watchers (
  task_id BIGINT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  user_id BIGINT NOT NULL REFERENCES users (id),
  is_muted BOOLEAN NOT NULL DEFAULT FALSE,
  created_at TIMESTAMP NOT NULL,
  PRIMARY KEY (task_id, user_id)
);

-- Without a comment it was the description that named them.
CREATE TABLE task_mentions (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  task_id BIGINT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  comment_id BIGINT REFERENCES task_comments (id) ON DELETE CASCADE,
  user_id BIGINT NOT NULL REFERENCES users (id)
);
CREATE INDEX task_mentions_task_idx ON task_mentions (task_id, comment_id);
CREATE INDEX task_mentions_comment_idx ON task_mentions (comment_id);

-- Every former text of a comment, as it was when that version was saved.
CREATE TABLE comment_versions (
  comment_id BIGINT NOT NULL REFERENCES task_comments (id) ON DELETE CASCADE,
  version BIGINT NOT NULL,
  body TEXT NOT NULL,
  body_html TEXT NOT NULL,
  written_at TIMESTAMP NOT NULL,
  PRIMARY KEY (comment_id, version)
);
CREATE TRIGGER comment_versions_no_update BEFORE UPDATE ON comment_versions BEGIN
  SELECT RAISE(ABORT, 'bureau: what a comment said before does not change');
END;
