-- counts
select count(*)
from t
where account = {{ params.account }};
