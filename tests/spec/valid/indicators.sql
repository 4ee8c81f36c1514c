create or replace table indicators as
select symbol, avg(close) over (partition by symbol order by day rows 19 preceding) as sma_20
from prices;
