-- Who paused a job, and why, for the others.
alter table windlass.job
    add column paused_by text,
    add column pause_note text;
