"""A table of the common kind: ten columns of mixed types, Korean text, NULLs."""

WIDE = """
    create table wide as
    select n::bigint as id, '고객 ' || n as customer, (n % 1000)::int as region, md5(n::text) as code,
           (n * 1.37)::numeric(12,2) as amount, timestamptz '2026-01-01 00:00+09' + n * interval '1 second' as at,
           case when n % 3 > 0 then '설명 텍스트 ' || n end as note, n % 2 = 0 as ok, (n * 0.5)::float8 as score,
           case when n % 5 > 0 then date '2020-01-01' + n % 2000 end as day
    from generate_series(1, {rows}) as n;
"""
