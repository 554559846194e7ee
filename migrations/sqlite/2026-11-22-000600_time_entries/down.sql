DROP TABLE time_write_offs;
DROP TABLE time_entries;
