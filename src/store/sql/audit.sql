-- Notes what somebody did.
insert into windlass.audit (actor, action, subject)
values ($1, $2, $3)
