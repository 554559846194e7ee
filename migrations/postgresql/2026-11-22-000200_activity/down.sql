DROP TABLE activity_chain;
DROP TABLE activity_seals;
DROP TABLE unsealed_activities;
DROP TABLE activities;
DROP FUNCTION activities_await_seal();
DROP FUNCTION activity_chain_no_return();
