-- Quotes. A version is one row with all that it says, so that it is frozen as a whole once it is sent. What was answered
-- stands beside it and never changes; a quote becomes one invoice.
CREATE TABLE quotes (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  client_id BIGINT NOT NULL REFERENCES clients (id),
  project_id BIGINT,
  currency TEXT NOT NULL,
  -- Taken when its first version is sent; all versions share it.
  series_id BIGINT REFERENCES invoice_series (id),
  series_year BIGINT,
  seq BIGINT,
  number TEXT UNIQUE,
  created_by BIGINT REFERENCES users (id),
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  UNIQUE (series_id, series_year, seq),
  FOREIGN KEY (project_id, client_id) REFERENCES projects (id, client_id),
  CHECK ((number IS NULL) = (seq IS NULL) AND (number IS NULL) = (series_id IS NULL) AND (number IS NULL) = (series_year IS NULL))
);
CREATE INDEX quotes_client_idx ON quotes (client_id, id);
CREATE INDEX quotes_project_idx ON quotes (project_id, id);

CREATE TABLE quote_versions (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  quote_id BIGINT NOT NULL REFERENCES quotes (id),
  -- 1 is the first.
  ordinal BIGINT NOT NULL CHECK (ordinal >= 1),
  title TEXT NOT NULL,
  -- Lines, discount, taxes, words and what they add up to, as JSON.
  content TEXT NOT NULL,
  net_cents BIGINT NOT NULL,
  tax_cents BIGINT NOT NULL,
  total_cents BIGINT NOT NULL,
  -- The last day on which it can be accepted.
  expires_on DATE,
  issue_on DATE,
  seller TEXT,
  buyer TEXT,
  -- The rendered document as it was sent, with its SHA-256.
  html TEXT,
  sha256 TEXT,
  issued_at TIMESTAMP,
  issued_by BIGINT REFERENCES users (id),
  created_by BIGINT REFERENCES users (id),
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  version BIGINT NOT NULL DEFAULT 1,
  UNIQUE (quote_id, ordinal),
  CHECK (issued_at IS NULL OR (issue_on IS NOT NULL AND expires_on IS NOT NULL AND seller IS NOT NULL AND buyer IS NOT NULL
    AND html IS NOT NULL AND sha256 IS NOT NULL))
);
CREATE UNIQUE INDEX quote_versions_draft_key ON quote_versions (quote_id) WHERE issued_at IS NULL;

-- The one link of a version that is open to whoever has it; its token itself is not kept.
CREATE TABLE quote_links (
  version_id BIGINT PRIMARY KEY NOT NULL REFERENCES quote_versions (id),
  token_hash TEXT NOT NULL UNIQUE,
  created_by BIGINT REFERENCES users (id),
  created_at TIMESTAMP NOT NULL
);

CREATE TABLE quote_answers (
  version_id BIGINT PRIMARY KEY NOT NULL REFERENCES quote_versions (id),
  quote_id BIGINT NOT NULL REFERENCES quotes (id),
  answer TEXT NOT NULL CHECK (answer IN ('accepted', 'declined')),
  -- Who answered, as they wrote it.
  name TEXT NOT NULL CHECK (name <> ''),
  reason TEXT NOT NULL DEFAULT '',
  -- Where it came from by the link, or which of us noted what was said elsewhere.
  ip TEXT,
  user_agent TEXT NOT NULL DEFAULT '',
  recorded_by BIGINT REFERENCES users (id),
  -- What was answered.
  document_sha256 TEXT NOT NULL,
  answered_at TIMESTAMP NOT NULL,
  CHECK ((ip IS NULL) = (recorded_by IS NOT NULL))
);
CREATE INDEX quote_answers_quote_idx ON quote_answers (quote_id);
CREATE UNIQUE INDEX quote_answers_accepted_key ON quote_answers (quote_id) WHERE answer = 'accepted';

-- Converted once: the primary key is the claim, released when the draft is deleted.
CREATE TABLE quote_conversions (
  quote_id BIGINT PRIMARY KEY NOT NULL REFERENCES quotes (id),
  invoice_id BIGINT NOT NULL UNIQUE REFERENCES invoices (id),
  created_by BIGINT REFERENCES users (id),
  created_at TIMESTAMP NOT NULL
);

CREATE TRIGGER quotes_numbered BEFORE UPDATE ON quotes
WHEN OLD.number IS NOT NULL AND (NEW.id IS NOT OLD.id OR NEW.client_id IS NOT OLD.client_id OR NEW.project_id IS NOT OLD.project_id OR NEW.currency IS NOT OLD.currency OR NEW.series_id IS NOT OLD.series_id OR NEW.series_year IS NOT OLD.series_year OR NEW.seq IS NOT OLD.seq OR NEW.number IS NOT OLD.number OR NEW.created_by IS NOT OLD.created_by OR NEW.created_at IS NOT OLD.created_at) BEGIN
  SELECT RAISE(ABORT, 'bureau: a quote that was sent is frozen');
END;
CREATE TRIGGER quotes_kept BEFORE DELETE ON quotes
WHEN OLD.number IS NOT NULL BEGIN
  SELECT RAISE(ABORT, 'bureau: a quote that was sent is frozen');
END;
CREATE TRIGGER quote_versions_frozen BEFORE UPDATE ON quote_versions
WHEN OLD.issued_at IS NOT NULL BEGIN
  SELECT RAISE(ABORT, 'bureau: a quote that was sent is frozen');
END;
CREATE TRIGGER quote_versions_kept BEFORE DELETE ON quote_versions
WHEN OLD.issued_at IS NOT NULL BEGIN
  SELECT RAISE(ABORT, 'bureau: a quote that was sent is frozen');
END;
CREATE TRIGGER quote_versions_numbered BEFORE UPDATE ON quote_versions
WHEN OLD.issued_at IS NULL AND NEW.issued_at IS NOT NULL AND (NOT EXISTS (SELECT 1 FROM quotes WHERE id = NEW.quote_id AND number IS NOT NULL)
  OR EXISTS (SELECT 1 FROM quote_answers WHERE quote_id = NEW.quote_id AND answer = 'accepted')) BEGIN
  SELECT RAISE(ABORT, 'bureau: a quote is sent with its number, and not after it was accepted');
END;
CREATE TRIGGER quote_versions_begin BEFORE INSERT ON quote_versions
WHEN NEW.issued_at IS NOT NULL BEGIN
  SELECT RAISE(ABORT, 'bureau: a version of a quote begins as a draft');
END;
CREATE TRIGGER quote_versions_placed BEFORE UPDATE OF id, quote_id, ordinal ON quote_versions
WHEN NEW.id IS NOT OLD.id OR NEW.quote_id IS NOT OLD.quote_id OR NEW.ordinal IS NOT OLD.ordinal BEGIN
  SELECT RAISE(ABORT, 'bureau: a version of a quote stays where it is');
END;
CREATE TRIGGER quote_answers_fit BEFORE INSERT ON quote_answers
WHEN NOT EXISTS (
  SELECT 1 FROM quote_versions v WHERE v.id = NEW.version_id AND v.quote_id = NEW.quote_id AND v.issued_at IS NOT NULL AND v.sha256 = NEW.document_sha256
    AND NOT EXISTS (SELECT 1 FROM quote_versions w WHERE w.quote_id = v.quote_id AND w.ordinal > v.ordinal AND w.issued_at IS NOT NULL)) BEGIN
  SELECT RAISE(ABORT, 'bureau: the latest version of a quote is answered, as it was sent');
END;
CREATE TRIGGER quote_answers_no_update BEFORE UPDATE ON quote_answers BEGIN
  SELECT RAISE(ABORT, 'bureau: what was answered to a quote stays on record');
END;
CREATE TRIGGER quote_answers_no_delete BEFORE DELETE ON quote_answers BEGIN
  SELECT RAISE(ABORT, 'bureau: what was answered to a quote stays on record');
END;
CREATE TRIGGER quote_conversions_accepted BEFORE INSERT ON quote_conversions
WHEN NOT EXISTS (
  SELECT 1 FROM quotes q JOIN quote_answers a ON a.quote_id = q.id AND a.answer = 'accepted'
  JOIN invoices i ON i.id = NEW.invoice_id AND i.client_id = q.client_id AND i.currency = q.currency AND i.issued_at IS NULL
  WHERE q.id = NEW.quote_id) BEGIN
  SELECT RAISE(ABORT, 'bureau: an accepted quote becomes a draft for its client');
END;
CREATE TRIGGER quote_conversions_no_update BEFORE UPDATE ON quote_conversions BEGIN
  SELECT RAISE(ABORT, 'bureau: a quote is converted once');
END;
CREATE TRIGGER quote_conversions_kept BEFORE DELETE ON quote_conversions
WHEN (SELECT issued_at FROM invoices WHERE id = OLD.invoice_id) IS NOT NULL BEGIN
  SELECT RAISE(ABORT, 'bureau: a quote is converted once');
END;

-- REPLACE removes the row in its way without a DELETE trigger; so a key that is taken is refused before.
CREATE TRIGGER quotes_no_replace BEFORE INSERT ON quotes
WHEN EXISTS (SELECT 1 FROM quotes WHERE id = NEW.id OR number = NEW.number)
  OR EXISTS (SELECT 1 FROM quotes WHERE series_id = NEW.series_id AND series_year = NEW.series_year AND seq = NEW.seq) BEGIN
  SELECT RAISE(ABORT, 'bureau: a quote that was sent is frozen');
END;
CREATE TRIGGER quotes_no_replace_update BEFORE UPDATE OF id, number, series_id, series_year, seq ON quotes
WHEN NEW.id IS NOT OLD.id
  OR EXISTS (SELECT 1 FROM quotes WHERE number = NEW.number AND id <> OLD.id)
  OR EXISTS (SELECT 1 FROM quotes WHERE series_id = NEW.series_id AND series_year = NEW.series_year AND seq = NEW.seq AND id <> OLD.id) BEGIN
  SELECT RAISE(ABORT, 'bureau: this number is taken already');
END;
CREATE TRIGGER quote_versions_no_replace BEFORE INSERT ON quote_versions
WHEN EXISTS (SELECT 1 FROM quote_versions WHERE id = NEW.id OR (quote_id = NEW.quote_id AND ordinal = NEW.ordinal)) BEGIN
  SELECT RAISE(ABORT, 'bureau: a quote that was sent is frozen');
END;
CREATE TRIGGER quote_answers_no_replace BEFORE INSERT ON quote_answers
WHEN EXISTS (SELECT 1 FROM quote_answers WHERE version_id = NEW.version_id)
  OR EXISTS (SELECT 1 FROM quote_answers WHERE quote_id = NEW.quote_id AND answer = 'accepted' AND NEW.answer = 'accepted') BEGIN
  SELECT RAISE(ABORT, 'bureau: what was answered to a quote stays on record');
END;
CREATE TRIGGER quote_conversions_no_replace BEFORE INSERT ON quote_conversions
WHEN EXISTS (SELECT 1 FROM quote_conversions WHERE quote_id = NEW.quote_id OR invoice_id = NEW.invoice_id) BEGIN
  SELECT RAISE(ABORT, 'bureau: a quote is converted once');
END;
