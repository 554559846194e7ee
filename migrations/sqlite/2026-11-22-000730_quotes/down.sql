DROP TABLE quote_conversions;
DROP TABLE quote_answers;
DROP TABLE quote_links;
DROP TABLE quote_versions;
DROP TABLE quotes;
