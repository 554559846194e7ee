DROP TRIGGER time_entries_locked_insert ON time_entries;
DROP TRIGGER time_entries_locked_update ON time_entries;
DROP TRIGGER time_entries_locked_delete ON time_entries;
DROP FUNCTION time_entries_locked();
DROP FUNCTION hours_locked(BIGINT, DATE);
DROP TABLE lifted_locks;
DROP TABLE timesheets;
DROP TABLE time_settings;
