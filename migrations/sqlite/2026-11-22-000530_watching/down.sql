DROP TABLE comment_versions;
DROP TABLE task_mentions;
DROP TABLE task_watchers;
