DROP TABLE template_task_labels;
DROP TABLE template_tasks;
DROP TABLE project_templates;
