-- Who follows a task, who was named in it, what they were told, and what comments said before.
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

CREATE TABLE notifications (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  user_id BIGINT NOT NULL REFERENCES users (id),
  kind TEXT NOT NULL CHECK (kind IN ('assigned', 'mentioned', 'commented', 'completed', 'reopened')),
  task_id BIGINT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  comment_id BIGINT REFERENCES task_comments (id) ON DELETE CASCADE,
  actor_id BIGINT NOT NULL REFERENCES users (id),
  created_at TIMESTAMP NOT NULL,
  read_at TIMESTAMP
);
CREATE INDEX notifications_user_idx ON notifications (user_id, id);
CREATE INDEX notifications_unread_idx ON notifications (user_id, id, read_at) WHERE read_at IS NULL;
CREATE INDEX notifications_task_idx ON notifications (task_id);
CREATE INDEX notifications_comment_idx ON notifications (comment_id);

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
