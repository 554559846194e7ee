DROP TABLE projects;
DROP FUNCTION projects_choice_version();
