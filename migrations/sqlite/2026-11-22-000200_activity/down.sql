DROP TABLE activity_chain;
DROP TABLE activity_seals;
DROP TABLE unsealed_activities;
DROP TABLE activities;
