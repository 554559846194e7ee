DROP TRIGGER users_kept ON users;
DROP TRIGGER users_last_owner ON users;
DROP FUNCTION keep_an_owner();
DROP TABLE invitations;
