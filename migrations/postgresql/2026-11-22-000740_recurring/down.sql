DROP TABLE recurring_periods;
DROP TABLE recurring_invoices;
DROP FUNCTION recurring_periods_kept();
