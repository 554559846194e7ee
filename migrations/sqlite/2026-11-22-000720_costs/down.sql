DROP TABLE deducted_deposits;
DROP TABLE billed_milestones;
DROP TABLE billed_expenses;
DROP TABLE expenses;
