DROP TRIGGER users_kept;
DROP TRIGGER users_last_owner;
DROP TABLE invitations;
