DROP TRIGGER jobs_mail_given_up;
DROP TRIGGER jobs_mail_taken_up;
DROP TABLE mails;
