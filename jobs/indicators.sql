-- Moving averages and daily change per symbol. Runs in DuckDB, in one transaction.
create or replace table indicators as
select
    symbol,
    day,
    close,
    avg(close) over five_days as average_5,
    avg(close) over twenty_days as average_20,
    close / lag(close) over by_day - 1 as change
from prices
where symbol in (select symbol from symbols)
window
    by_day as (partition by symbol order by day),
    five_days as (partition by symbol order by day rows 4 preceding),
    twenty_days as (partition by symbol order by day rows 19 preceding);
