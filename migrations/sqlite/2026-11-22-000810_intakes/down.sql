DROP TABLE credential_intakes;
