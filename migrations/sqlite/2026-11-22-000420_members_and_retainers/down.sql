DROP TABLE retainer_charges;
DROP TABLE retainer_carries;
DROP TABLE retainer_periods;
DROP TABLE retainers;
DROP TABLE client_members;
DROP TABLE project_members;
