-- Notes what somebody does.
insert into windlass.audit (actor, via, action, subject, job, run, detail)
values ($1, $2, $3, $4, $5, $6, $7)
returning id
