$1
  text
$1 + 1
  integer
1 + $1
  integer
$1 + $2
  ERROR 42725 operator is not unique: unknown + unknown
  HINT Could not choose a best candidate operator. You might need to add explicit type casts.
$1 + 1.5
  numeric
$1 || 'a'
  text
$1 || $2
  text, text
$1::int
  integer
$1::int + $2
  integer, integer
$1 = 'a'
  text
$1 = 1
  integer
'a' = $1
  text
$1 = $1
  text
$1 + 1 = $1
  integer
$1::text = $1
  text
$1::int = 1 and $1::int8 = 2
  integer
lower($1)
  text
length($1)
  text
abs($1)
  double precision
round($1, 2)
  numeric
substr($1, $2, $3)
  text, integer, integer
coalesce($1, 1)
  integer
coalesce($1, $2)
  text, text
case when $1 then $2 else 1 end
  boolean, integer
case $1 when 1 then 'a' end
  ERROR 42883 operator does not exist: text = integer
  HINT No operator matches the given name and argument types. You might need to add explicit type casts.
greatest($1, 1.5)
  numeric
nullif($1, 1)
  integer
$1 in (1, 2)
  integer
1 in ($1, $2)
  integer, integer
$1 in ('a', 'b')
  text
$1 between 1 and 10
  integer
$1 between $2 and 5
  ERROR 42883 operator does not exist: text <= integer
  HINT No operator matches the given name and argument types. You might need to add explicit type casts.
$1 is null
  ERROR 42P18 could not determine data type of parameter $1
$1 is distinct from 1
  integer
$1 is true
  boolean
not $1
  boolean
$1 and $2
  boolean, boolean
1 = any($1)
  integer[]
'a' = any($1)
  text[]
1::int8 = any($1)
  bigint[]
'a'::varchar = any($1)
  text[]
now() - $1
  timestamp with time zone
now() + $1
  interval
$1 - now()
  timestamp with time zone
date '2024-01-01' + $1
  ERROR 42725 operator is not unique: date + unknown
  HINT Could not choose a best candidate operator. You might need to add explicit type casts.
date '2024-01-01' - $1
  date
date_trunc($1, $2)
  ERROR 42725 function date_trunc(unknown, unknown) is not unique
  HINT Could not choose a best candidate function. You might need to add explicit type casts.
date_trunc('day', $1::timestamptz)
  timestamp with time zone
concat($1, $2)
  ERROR 42P18 could not determine data type of parameter $1
concat($1::text, 'a')
  text
format('%s', $1)
  ERROR 42P18 could not determine data type of parameter $1
$2 + 1
  ERROR 42P18 could not determine data type of parameter $1
$1 like 'a%'
  text
$1 ~ $2
  text, text
'0/0'::pg_lsn < $1
  pg_lsn
'\x00'::bytea = $1
  bytea
(1, 2) = ($1, $2)
  integer, integer
generate_series(1, $1)
  integer
generate_series($1, $2)
  ERROR 42725 function generate_series(unknown, unknown) is not unique
  HINT Could not choose a best candidate function. You might need to add explicit type casts.
pg_typeof($1)
  ERROR 42P18 could not determine data type of parameter $1
power($1, 2)
  double precision
mod($1, 2)
  integer
md5($1)
  text
to_timestamp($1)
  double precision
