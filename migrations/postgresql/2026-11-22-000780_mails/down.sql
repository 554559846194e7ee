DROP TRIGGER jobs_mail_follows ON jobs;
DROP FUNCTION mail_follows_job;
DROP TABLE mails;
