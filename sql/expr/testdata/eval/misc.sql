pg_size_pretty(0::int8)
  text 0 bytes
pg_size_pretty(1023::int8)
  text 1023 bytes
pg_size_pretty(10239::int8)
  text 10239 bytes
pg_size_pretty(10240::int8)
  text 10 kB
pg_size_pretty(1048576::int8)
  text 1024 kB
pg_size_pretty(20971519::int8)
  text 20 MB
pg_size_pretty(20971520::int8)
  text 20 MB
pg_size_pretty(123456789012::int8)
  text 115 GB
pg_size_pretty((-123456789012)::int8)
  text -115 GB
pg_size_pretty(9223372036854775807)
  text 8192 PB
pg_size_pretty(1234567.8)
  text 1206 kB
pg_size_pretty(1e20)
  text 88818 PB
pg_size_pretty(5)
  ERROR 42725 function pg_size_pretty(integer) is not unique
  HINT Could not choose a best candidate function. You might need to add explicit type casts.
pg_size_bytes('1 MB')
  bigint 1048576
pg_size_bytes('1.5kB')
  bigint 1536
pg_size_bytes('-3 GB')
  bigint -3221225472
pg_size_bytes('1 XB')
  ERROR 22023 invalid size: "1 XB"
  DETAIL Invalid size unit: "XB".
  HINT Valid units are "bytes", "kB", "MB", "GB", "TB", and "PB".
pg_size_bytes('foo')
  ERROR 22023 invalid size: "foo"
'0/16'::pg_lsn - '0/10'::pg_lsn
  numeric 6
'0/10'::pg_lsn - '0/16'::pg_lsn
  numeric -6
'0/16'::pg_lsn + 16
  pg_lsn 0/26
'0/16'::pg_lsn + 16::numeric
  pg_lsn 0/26
16::numeric + '0/16'::pg_lsn
  pg_lsn 0/26
'0/16'::pg_lsn - 16
  pg_lsn 0/6
'0/16'::pg_lsn - 100
  ERROR 22023 pg_lsn out of range
'FFFFFFFF/FFFFFFFF'::pg_lsn + 1
  ERROR 22023 pg_lsn out of range
pg_wal_lsn_diff('1/0', '0/FFFFFF00')
  numeric 256
num_nulls(1, null, 'a')
  integer 1
num_nonnulls(1, null, 'a')
  integer 2
length(gen_random_uuid()::text)
  integer 36
random() < 1
  boolean t
setseed(2)
  ERROR 22023 setseed parameter 2 is out of allowed range [-1,1]
clock_timestamp() >= now()
  boolean t
current_user = session_user
  boolean t
~ 'a'
  ERROR 42725 operator is not unique: ~ unknown
  HINT Could not choose a best candidate operator. You might need to add explicit type casts.
- 'a'
  ERROR 42725 operator is not unique: - unknown
  HINT Could not choose a best candidate operator. You might need to add explicit type casts.
- '5'
  ERROR 42725 operator is not unique: - unknown
  HINT Could not choose a best candidate operator. You might need to add explicit type casts.
true + 1
  ERROR 42883 operator does not exist: boolean + integer
  HINT No operator matches the given name and argument types. You might need to add explicit type casts.
'a'::text + 1
  ERROR 42883 operator does not exist: text + integer
  HINT No operator matches the given name and argument types. You might need to add explicit type casts.
abs('x')
  ERROR 22P02 invalid input syntax for type double precision: "x"
abs('-5')
  double precision 5
abs(null)
  double precision NULL
round('1.5')
  double precision 2
lower(null)
  text NULL
substr('abc', '2')
  text bc
power('2', 3)
  double precision 8
least(1, 'a')
  ERROR 22P02 invalid input syntax for type integer: "a"
greatest(1, true)
  ERROR 42804 GREATEST types integer and boolean cannot be matched
array_length(array[1, 2], 1)
  integer 2
array_length('{}'::int[], 1)
  integer NULL
array_length(array[1, 2], 2)
  integer NULL
array_upper(array['a', 'b', 'c'], 1)
  integer 3
array_lower(array['a'], 1)
  integer 1
cardinality(array[1, null])
  integer 2
array_to_string(array[1, null, 3], ',')
  text 1,3
array_to_string(array[1, null, 3], ',', '*')
  text 1,*,3
array_to_string('{t,f}'::bool[], ',')
  text t,f
array_to_string(null::int[], ',')
  text NULL
