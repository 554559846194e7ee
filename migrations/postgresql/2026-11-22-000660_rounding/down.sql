DROP TABLE rounding_rules;
