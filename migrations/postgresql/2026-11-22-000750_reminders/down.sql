DROP TABLE reminder_pauses;
DROP TABLE reminders;
DROP TABLE reminder_settings;
DROP FUNCTION reminders_frozen();
DROP FUNCTION reminders_kept();
