DROP TABLE time_write_offs;
DROP TABLE time_entries;
DROP FUNCTION time_write_offs_free();
DROP FUNCTION time_write_offs_settle();
DROP FUNCTION time_write_offs_release();
