DROP TABLE sheet_rows;
