DROP TABLE task_views;
DROP TABLE task_occurrences;
DROP TABLE task_schedules;
