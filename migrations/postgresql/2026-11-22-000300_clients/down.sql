DROP TABLE contacts;
DROP TABLE clients;
DROP FUNCTION clients_choice_version();
