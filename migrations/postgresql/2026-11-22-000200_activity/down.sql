DROP TABLE activity_seals;
DROP TABLE unsealed_activities;
DROP TABLE activities;
DROP FUNCTION activities_await_seal();
DROP FUNCTION activities_no_update();
DROP FUNCTION activities_no_delete();
DROP FUNCTION activity_seals_no_update();
DROP FUNCTION activity_seals_no_delete();
