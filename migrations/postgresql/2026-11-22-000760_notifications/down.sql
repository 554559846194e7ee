DROP TABLE budget_marks;
DROP TABLE notifications;
