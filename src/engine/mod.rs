//! Runs jobs: the planner of firings, the claimer of runs, attempts, leases, shutdown.
