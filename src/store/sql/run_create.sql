-- Makes a run. The same step triggers one run only: asked again, that one is returned.
insert into windlass.run as run
    (id, job, definition, state, trigger, params, scheduled_for, from_step, private_to, parent_run, parent_step)
values ($1, $2, $3, 'queued', $4, $5, coalesce($6, now()), $7, $8, $9, $10)
on conflict (parent_run, parent_step) do update set job = run.job
returning id
