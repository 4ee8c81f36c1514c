"""A master whose tables must agree with each other, and the question that shows whether they do.

Every write adds a generation of entries, drops the oldest, and makes the totals and the indicators anew, all in one
transaction. So in every state that was ever committed all tables name one generation and the totals are those of the entries.

Called as a program, it makes the master that its argument names.
"""

import sys

ACCOUNTS = 50
KEPT = 20
# Rows of one generation. A look at all of them should cost little beside opening the file.
ROWS = 1_500
# A table that each write makes anew, as batches do; its megabyte comes and goes in the file.
INDICATORS = 100_000
# Rows that stay as they are, eight megabytes of them: copying a file takes a while.
HISTORY = 1_000_000

CALCULATE = f"""
    create or replace table indicators as
    select (select number from generation) as generation, random() as value from range({INDICATORS});
"""

NEXT = f"""
    update generation set number = number + 1;
    delete from entries where generation <= (select number from generation) - {KEPT};
    insert into entries
    select (select number from generation), range, range % {ACCOUNTS}, (hash(range, random()) % 100000)::decimal(12, 2) / 100,
           md5(random()::varchar)
    from range({ROWS});
    delete from totals;
    insert into totals select account, count(*), sum(amount) from entries group by account;
    {CALCULATE}
"""

MAKE = f"""
    create table history as select random() as value from range({HISTORY});
    create table generation (number bigint);
    create table entries (generation bigint, id bigint, account bigint, amount decimal(12, 2), note varchar);
    create table totals (account bigint, entries bigint, amount decimal(38, 2));
    insert into generation values ({KEPT});
    insert into entries
    select 1 + range // {ROWS}, range % {ROWS}, range % {ACCOUNTS}, (hash(range, random()) % 100000)::decimal(12, 2) / 100,
           md5(random()::varchar)
    from range({KEPT * ROWS});
    insert into totals select account, count(*), sum(amount) from entries group by account;
    {CALCULATE}
"""

# One row: the generation, and whether all agrees with it.
WHOLE = f"""
    select number,
           number = (select max(generation) from entries) and number - {KEPT} + 1 = (select min(generation) from entries)
           and (select count(*) from entries) = {KEPT * ROWS} and (select sum(entries) from totals) = {KEPT * ROWS}
           and (select count(*) filter (generation = number and value >= 0) from indicators) = {INDICATORS}
    from generation
"""

# Accounts whose total isn't that of their entries; every note is read too, so that every block of the file is.
WRONG = """
    select count(*) filter (totals.entries is distinct from found.entries or totals.amount is distinct from found.amount),
           min(found.shortest)
    from totals full join
         (select account, count(*) as entries, sum(amount) as amount, min(length(note)) as shortest
            from entries group by account) as found
      on totals.account = found.account
"""


def main() -> None:
    import duckdb

    with duckdb.connect() as session:
        session.execute(f"attach '{sys.argv[1]}' as master (storage_version 'v1.4.0'); use master; {MAKE}")


if __name__ == "__main__":
    main()
