DROP TRIGGER projects_begin_hours ON projects;
DROP TABLE project_hours;
DROP TABLE time_write_offs;
DROP TABLE time_entries;
DROP FUNCTION time_write_offs_free();
DROP FUNCTION time_write_offs_settle();
DROP FUNCTION time_write_offs_release();
DROP FUNCTION projects_begin_hours();
DROP FUNCTION time_entries_add_up();
