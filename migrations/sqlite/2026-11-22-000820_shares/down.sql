DROP TABLE credential_shares;
