DROP TABLE task_comments;
DROP TABLE tasks;
DROP FUNCTION tasks_take_a_place();
