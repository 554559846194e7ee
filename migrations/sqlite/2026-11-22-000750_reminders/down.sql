DROP TABLE reminder_pauses;
DROP TABLE reminders;
DROP TABLE reminder_settings;
