DROP TRIGGER projects_begin_hours;
DROP TABLE project_weeks;
DROP TABLE project_hours;
DROP TABLE time_write_offs;
DROP TABLE time_entries;
