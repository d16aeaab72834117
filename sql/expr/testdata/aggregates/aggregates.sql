count(*) from integer {1,2,null}
  bigint 3
count(x) from integer {1,2,null}
  bigint 2
count(distinct x) from integer {1,2,2,null}
  bigint 2
count(x) from integer {}
  bigint 0
sum(x) from smallint {1,2,null}
  bigint 3
sum(x) from integer {1,2,null}
  bigint 3
sum(x) from integer {2147483647,2147483647}
  bigint 4294967294
sum(x) from integer {}
  bigint NULL
sum(x) from integer {null}
  bigint NULL
sum(x) from bigint {9223372036854775807,9223372036854775807,1}
  numeric 18446744073709551615
sum(x) from bigint {-9223372036854775808,-9223372036854775808,-1}
  numeric -18446744073709551617
sum(x) from bigint {5,-7}
  numeric -2
sum(x) from numeric {1.5,2.25}
  numeric 3.75
sum(x) from numeric {1.5,NaN}
  numeric NaN
sum(x) from numeric {Infinity,-Infinity}
  numeric NaN
sum(x) from real {1.5,2.25}
  real 3.75
sum(x) from real {0.1,0.2,0.3}
  real 0.6
sum(x) from float8 {0.1,0.2,0.3}
  double precision 0.6000000000000001
sum(x) from float8 {1e308,1e308}
  ERROR 22003 value out of range: overflow
sum(x) from interval {1 day,02:00}
  interval 1 day 02:00:00
sum(x) from text {a}
  ERROR 42883 function sum(text) does not exist
  HINT No function matches the given name and argument types. You might need to add explicit type casts.
sum(distinct x) from integer {1,1,2}
  bigint 3
sum(x) filter (where x > 1) from integer {1,2,3}
  bigint 5
avg(x) from integer {2,3}
  numeric 2.5000000000000000
avg(x) from integer {1,2,2}
  numeric 1.6666666666666667
avg(x) from smallint {1,2}
  numeric 1.5000000000000000
avg(x) from bigint {9223372036854775807,9223372036854775807}
  numeric 9223372036854775807
avg(x) from bigint {10000000000,1}
  numeric 5000000000.50000000
avg(x) from numeric {1.5,2.25,3}
  numeric 2.2500000000000000
avg(x) from numeric {0.0001,0.0002}
  numeric 0.00015000000000000000
avg(x) from float8 {1,2,2}
  double precision 1.6666666666666667
avg(x) from real {1.5,2.5}
  double precision 2
avg(x) from float8 {Infinity,1}
  double precision Infinity
avg(x) from float8 {}
  double precision NULL
avg(x) from interval {1 day,2 days}
  interval 1 day 12:00:00
min(x) from integer {3,1,2}
  integer 1
max(x) from integer {3,1,2}
  integer 3
min(x) from text {b,a,c}
  text a
max(x) from varchar {b,a,c}
  text c
min(x) from integer {null}
  integer NULL
max(x) from float8 {1,NaN,2}
  double precision NaN
min(x) from date {2024-01-02,2024-01-01}
  date 2024-01-01
max(x) from timestamptz {2024-01-02,2024-01-01}
  timestamp with time zone 2024-01-02 00:00:00+00
max(x) from numeric {1.50,1.5}
  numeric 1.5
min(x) from boolean {t}
  ERROR 42883 function min(boolean) does not exist
  HINT No function matches the given name and argument types. You might need to add explicit type casts.
min(x) from uuid {a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}
  ERROR 42883 function min(uuid) does not exist
  HINT No function matches the given name and argument types. You might need to add explicit type casts.
bool_and(x) from boolean {t,f}
  boolean f
bool_and(x) from boolean {t,null}
  boolean t
bool_or(x) from boolean {f,t}
  boolean t
bool_or(x) from boolean {f,null}
  boolean f
every(x) from boolean {t,t}
  boolean t
bool_and(x) from boolean {}
  boolean NULL
bit_and(x) from integer {7,5}
  integer 5
bit_or(x) from integer {4,1}
  integer 5
bit_xor(x) from integer {5,1}
  integer 4
string_agg(x, ',') from text {a,b,null,c}
  text a,b,c
string_agg(x, ',' order by x desc) from text {a,c,b}
  text c,b,a
string_agg(distinct x, ',') from text {a,a}
  text a
string_agg(distinct x, ',' order by x) from text {b,a,b}
  text a,b
string_agg(x, null) from text {a,b}
  text ab
string_agg(x, ',') from text {}
  text NULL
string_agg(x::text, '-') from integer {1,2}
  text 1-2
array_agg(x) from integer {1,null,2}
  integer[] {1,NULL,2}
array_agg(x order by x desc) from integer {1,null,2}
  integer[] {NULL,2,1}
array_agg(x) from integer {}
  integer[] NULL
variance(x) from integer {1,2,3,4}
  numeric 1.6666666666666667
var_pop(x) from integer {1,2,3,4}
  numeric 1.2500000000000000
var_samp(x) from integer {1}
  numeric NULL
var_pop(x) from integer {1}
  numeric 0
stddev(x) from integer {1,2,3,4}
  numeric 1.2909944487358056
stddev_pop(x) from integer {1,2,3,4}
  numeric 1.1180339887498948
stddev(x) from float8 {1,2,3,4}
  double precision 1.2909944487358056
variance(x) from float8 {1.5,2.5,10}
  double precision 21.583333333333332
stddev_pop(x) from float8 {1,1,1}
  double precision 0
stddev_samp(x) from numeric {1.5,2.5,3.75}
  numeric 1.1273124382057236
variance(x) from numeric {1.5,NaN}
  numeric NaN
variance(x) from float8 {1,Infinity}
  double precision NaN
stddev(x) from bigint {9223372036854775807,1}
  numeric 6521908912666391105
sum(x) + count(*) * 2 from integer {1,2}
  bigint 7
coalesce(sum(x), 0) from integer {}
  bigint 0
sum(x, x) from integer {1}
  ERROR 42883 function sum(integer, integer) does not exist
  HINT No function matches the given name and argument types. You might need to add explicit type casts.
max() from integer {1}
  ERROR 42883 function max() does not exist
  HINT No function matches the given name and argument types. You might need to add explicit type casts.
sum(*) from integer {1}
  ERROR 42883 function sum() does not exist
  HINT No function matches the given name and argument types. You might need to add explicit type casts.
count() from integer {1}
  ERROR 42809 count(*) must be used to call a parameterless aggregate function
count(distinct x order by x + 1) from integer {1}
  ERROR 42P10 in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list
sum(x) filter (where x) from integer {1}
  ERROR 42804 argument of FILTER must be type boolean, not type integer
