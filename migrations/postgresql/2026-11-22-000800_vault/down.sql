DROP TABLE vault_keys;
DROP TABLE credential_rotations;
DROP TABLE credential_grants;
DROP TABLE credential_reveals;
DROP TABLE credential_secrets;
DROP TABLE credentials;
DROP FUNCTION keep_credential_secret();
