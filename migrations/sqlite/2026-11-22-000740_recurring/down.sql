DROP TABLE recurring_periods;
DROP TABLE recurring_invoices;
