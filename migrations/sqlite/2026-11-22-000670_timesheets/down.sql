DROP TRIGGER time_entries_locked_insert;
DROP TRIGGER time_entries_locked_update;
DROP TRIGGER time_entries_locked_delete;
DROP TABLE lifted_locks;
DROP TABLE timesheets;
DROP TABLE time_settings;
