DROP TRIGGER jobs_mail_given_up ON jobs;
DROP TRIGGER jobs_mail_taken_up ON jobs;
DROP FUNCTION fail_mail_of_job;
DROP FUNCTION queue_mail_of_job;
DROP TABLE mails;
