-- Enters a firing, unless another daemon did.
insert into windlass.firing (job, scheduled_for, state, reason, run)
values ($1, $2, $3, $4, $5)
on conflict (job, scheduled_for) do nothing
