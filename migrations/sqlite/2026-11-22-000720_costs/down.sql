DROP TRIGGER deposits_given_back_insert;
DROP TRIGGER deposits_given_back_update;
DROP TABLE deducted_deposits;
DROP TRIGGER retainer_charges_claimed;
DROP TABLE billed_charges;
DROP TABLE billed_milestones;
DROP TABLE billed_expenses;
DROP TABLE expenses;
