//! Tasks: what is to be done on a project.

pub mod model;
