-- Removes old firings, at most so many ($2), each job's oldest first. Uses firing's primary key.
delete from windlass.firing
using (
    select old.job, old.scheduled_for
    from windlass.job
    cross join lateral (
        select firing.job, firing.scheduled_for
        from windlass.firing
        where firing.job = job.name and firing.scheduled_for < now() - make_interval(secs => $1)
        order by firing.scheduled_for
        limit $2
    ) as old
    limit $2
) as old
where firing.job = old.job and firing.scheduled_for = old.scheduled_for
