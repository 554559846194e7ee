DROP TABLE master_keys;
DROP TABLE sign_in_throttles;
DROP TABLE api_tokens;
DROP TABLE sessions;
DROP TABLE users;
DROP TABLE agency;
DROP FUNCTION refuse();
