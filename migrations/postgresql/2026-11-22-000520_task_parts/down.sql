DROP TABLE task_dependencies;
DROP TABLE checklist_items;
