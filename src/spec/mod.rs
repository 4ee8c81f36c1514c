//! A job file as written, and how it becomes a job.
