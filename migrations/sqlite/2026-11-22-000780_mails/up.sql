-- Mail, written in the transaction of what it tells of and sent by a job. Sent is what a mail server took. A link that
-- opens something is not in the text: it is encrypted for this row until the mail is sent.
CREATE TABLE mails (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN (
    'test', 'invitation', 'password_reset', 'password_changed', 'invoice', 'quote', 'reminder'
  )),
  recipient TEXT NOT NULL,
  reply_to TEXT NOT NULL,
  subject TEXT NOT NULL,
  text TEXT NOT NULL,
  secret BLOB,
  state TEXT NOT NULL CHECK (state IN ('queued', 'sent', 'failed')),
  attempts BIGINT NOT NULL DEFAULT 0,
  error TEXT NOT NULL DEFAULT '',
  message_id TEXT NOT NULL UNIQUE,
  dedupe_key TEXT UNIQUE,
  job_id BIGINT REFERENCES jobs (id) ON DELETE SET NULL,
  invoice_id BIGINT REFERENCES invoices (id),
  quote_id BIGINT REFERENCES quotes (id),
  reminder_id BIGINT REFERENCES reminders (id),
  invitation_id BIGINT REFERENCES invitations (id),
  user_id BIGINT REFERENCES users (id),
  queued_by BIGINT REFERENCES users (id),
  created_at TIMESTAMP NOT NULL,
  expires_at TIMESTAMP,
  sent_at TIMESTAMP,
  attachment_name TEXT,
  attachment_type TEXT,
  attachment TEXT,
  CHECK ((state = 'sent') = (sent_at IS NOT NULL)),
  CHECK (state <> 'sent' OR secret IS NULL),
  CHECK ((attachment IS NULL) = (attachment_name IS NULL) AND (attachment IS NULL) = (attachment_type IS NULL))
);
CREATE INDEX mails_state_idx ON mails (state, id);
CREATE INDEX mails_job_idx ON mails (job_id);
CREATE INDEX mails_invoice_idx ON mails (invoice_id, id);
CREATE INDEX mails_quote_idx ON mails (quote_id, id);
CREATE INDEX mails_reminder_idx ON mails (reminder_id, id);

-- A mail whose job was given up was not sent, and says so; it waits again when that is tried again.
CREATE TRIGGER jobs_mail_given_up AFTER UPDATE OF state ON jobs
WHEN NEW.state IN ('dead', 'cancelled') AND OLD.state NOT IN ('dead', 'cancelled') BEGIN
  UPDATE mails SET state = 'failed', error = NEW.error WHERE job_id = NEW.id AND state = 'queued';
END;
CREATE TRIGGER jobs_mail_taken_up AFTER UPDATE OF state ON jobs
WHEN OLD.state IN ('dead', 'cancelled') AND NEW.state NOT IN ('dead', 'cancelled') BEGIN
  UPDATE mails SET state = 'queued' WHERE job_id = NEW.id AND state = 'failed';
END;
-- What was sent stays as it was sent.
CREATE TRIGGER mails_sent_frozen BEFORE UPDATE OF kind, recipient, reply_to, subject, text, secret, state, message_id, sent_at, attachment_name, attachment_type, attachment ON mails
WHEN OLD.state = 'sent' BEGIN
  SELECT RAISE(ABORT, 'bureau: this mail was sent');
END;
CREATE TRIGGER mails_sent_kept BEFORE DELETE ON mails WHEN OLD.state = 'sent' BEGIN
  SELECT RAISE(ABORT, 'bureau: this mail was sent');
END;
