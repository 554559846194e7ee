DROP TABLE password_resets;
DROP TABLE known_browsers;
DROP TABLE recovery_codes;
DROP TABLE second_factors;
