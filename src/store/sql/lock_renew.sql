-- New numbers for the locks of a daemon's runs: whoever is shown them can tell what comes after from what that daemon may
-- still have at work. Uses run_owned and lock_of_run.
update windlass.lock_grant
set token = nextval('windlass.lock_token')
from windlass.run
where run.owner = $1 and lock_grant.run = run.id and lock_grant.released_at is null and lock_grant.step >= -1
