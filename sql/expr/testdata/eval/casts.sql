'1'::int
  integer 1
' 12 '::int
  integer 12
'abc'::int
  ERROR 22P02 invalid input syntax for type integer: "abc"
''::int
  ERROR 22P02 invalid input syntax for type integer: ""
'1.5'::int
  ERROR 22P02 invalid input syntax for type integer: "1.5"
'2147483648'::int
  ERROR 22003 value "2147483648" is out of range for type integer
'-2147483648'::int
  integer -2147483648
'99999999999999999999'::int8
  ERROR 22003 value "99999999999999999999" is out of range for type bigint
'32768'::int2
  ERROR 22003 value "32768" is out of range for type smallint
1.5::int
  integer 2
2.5::int
  integer 3
-2.5::int
  integer -3
2.5::float8::int
  integer 2
3.5::float8::int
  integer 4
1e10::int
  ERROR 22003 integer out of range
'NaN'::numeric::int
  ERROR 0A000 cannot convert NaN to integer
'Infinity'::numeric::int8
  ERROR 0A000 cannot convert infinity to bigint
'NaN'::float8::int
  ERROR 22003 integer out of range
1e20::float8::int8
  ERROR 22003 bigint out of range
9223372036854775807::int8::int
  ERROR 22003 integer out of range
70000::int2
  ERROR 22003 smallint out of range
1::bool
  boolean t
0::bool
  boolean f
true::int
  integer 1
true::text
  text true
false::varchar
  character varying false
't'::bool
  boolean t
'yes'::bool
  boolean t
'of'::bool
  boolean f
'o'::bool
  ERROR 22P02 invalid input syntax for type boolean: "o"
' TRUE '::bool
  boolean t
'maybe'::bool
  ERROR 22P02 invalid input syntax for type boolean: "maybe"
1.5::text
  text 1.5
1e3::float8::text
  text 1000
1::text
  text 1
'abc'::varchar(2)
  character varying ab
'abc'::varchar(5)
  character varying abc
'abc  '::varchar(3)
  character varying abc
123456::varchar(3)
  character varying 123
'abc'::varchar(0)
  ERROR 22023 length for type varchar must be at least 1
'abc'::name
  name abc
repeat('x', 70)::name
  name xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
'abc'::"char"
  "char" a
''::"char"
  "char" 
65::"char"
  "char" A
'A'::"char"::int
  integer 65
1.234::numeric(3,2)
  numeric 1.23
12.345::numeric(4,2)
  numeric 12.35
123.45::numeric(4,2)
  ERROR 22003 numeric field overflow
  DETAIL A field with precision 4, scale 2 must round to an absolute value less than 10^2.
99.999::numeric(4,2)
  ERROR 22003 numeric field overflow
  DETAIL A field with precision 4, scale 2 must round to an absolute value less than 10^2.
0.05::numeric(2,2)
  numeric 0.05
1.5::numeric(2,2)
  ERROR 22003 numeric field overflow
  DETAIL A field with precision 2, scale 2 must round to an absolute value less than 1.
'NaN'::numeric(3,2)
  numeric NaN
'Infinity'::numeric(3,2)
  ERROR 22003 numeric field overflow
  DETAIL A field with precision 3, scale 2 cannot hold an infinite value.
12345::numeric(5,-2)
  numeric 12300
12345::numeric(2,-3)
  numeric 12000
1::numeric(1001)
  ERROR 22023 NUMERIC precision 1001 must be between 1 and 1000
'1e5'::numeric
  numeric 100000
'1.5e-3'::numeric
  numeric 0.0015
'1e'::numeric
  ERROR 22P02 invalid input syntax for type numeric: "1e"
'--1'::numeric
  ERROR 22P02 invalid input syntax for type numeric: "--1"
'  1.50  '::numeric
  numeric 1.50
'.5'::numeric
  numeric 0.5
'5.'::numeric
  numeric 5
'.'::numeric
  ERROR 22P02 invalid input syntax for type numeric: "."
'inf'::numeric
  numeric Infinity
'-infinity'::numeric
  numeric -Infinity
'+NaN'::numeric
  ERROR 22P02 invalid input syntax for type numeric: "+NaN"
'1e200000'::numeric
  ERROR 22003 value overflows numeric format
'1e-20000'::numeric
  ERROR 22003 value overflows numeric format
0.1::float4
  real 0.1
0.1::float8
  double precision 0.1
'1e400'::float8
  ERROR 22003 "1e400" is out of range for type double precision
'1e-400'::float8
  ERROR 22003 "1e-400" is out of range for type double precision
'1e39'::float4
  ERROR 22003 "1e39" is out of range for type real
'1e-50'::float4
  ERROR 22003 "1e-50" is out of range for type real
'abc'::float8
  ERROR 22P02 invalid input syntax for type double precision: "abc"
''::float8
  ERROR 22P02 invalid input syntax for type double precision: ""
'0x1p3'::float8
  double precision 8
'infinity'::float8
  double precision Infinity
'-inf'::float4
  real -Infinity
'nan'::float8
  double precision NaN
1e15::float8
  double precision 1e+15
1e14::float8
  double precision 100000000000000
123456.7::float4
  real 123456.7
1234567::float4
  real 1.234567e+06
0.0001::float8
  double precision 0.0001
0.00001::float8
  double precision 1e-05
1e22::float8
  double precision 1e+22
1.7976931348623157e308::float8
  double precision 1.7976931348623157e+308
5e-324::float8
  double precision 5e-324
3.4e38::float8::float4
  real 3.4e+38
1e39::float8::float4
  ERROR 22003 value out of range: overflow
1e-46::float8::float4
  ERROR 22003 value out of range: underflow
0.1::float4::float8
  double precision 0.10000000149011612
0.1::float4::numeric
  numeric 0.1
0.1::float8::numeric
  numeric 0.1
1234567.891::float4::numeric
  numeric 1234570
1e100::float8::numeric
  numeric 10000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000
'Infinity'::float8::numeric
  numeric Infinity
123456789012345678::numeric::float8
  double precision 1.2345678901234568e+17
1e400::numeric::float8
  ERROR 22003 "10000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000" is out of range for type double precision
'\x0102'::bytea
  bytea \x0102
'\x010'::bytea
  ERROR 22023 invalid hexadecimal data: odd number of digits
'\x0g'::bytea
  ERROR 22023 invalid hexadecimal digit: "g"
'abc\000\\'::bytea
  bytea \x616263005c
'\9'::bytea
  ERROR 22P02 invalid input syntax for type bytea
'a'::bytea::text
  text \x61
'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
  uuid a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11
'{a0eebc99-9c0b4ef8-bb6d6bb9-bd380a11}'::uuid
  uuid a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11
'a0eebc99'::uuid
  ERROR 22P02 invalid input syntax for type uuid: "a0eebc99"
'16/B374D848'::pg_lsn
  pg_lsn 16/B374D848
'g/1'::pg_lsn
  ERROR 22P02 invalid input syntax for type pg_lsn: "g/1"
'123456789/0'::pg_lsn
  ERROR 22P02 invalid input syntax for type pg_lsn: "123456789/0"
'4294967295'::oid
  oid 4294967295
'-1'::oid
  oid 4294967295
'4294967296'::oid
  ERROR 22003 value "4294967296" is out of range for type oid
'x'::oid
  ERROR 22P02 invalid input syntax for type oid: "x"
1::oid
  oid 1
-1::int8::oid
  ERROR 42883 operator does not exist: - oid
  HINT No operator matches the given name and argument type. You might need to add an explicit type cast.
5::int8::oid::int8
  bigint 5
'2020-02-30'::date
  ERROR 22008 date/time field value out of range: "2020-02-30"
1::date
  ERROR 42846 cannot cast type integer to date
true::date
  ERROR 42846 cannot cast type boolean to date
'a'::uuid::int
  ERROR 22P02 invalid input syntax for type uuid: "a"
1::uuid
  ERROR 42846 cannot cast type integer to uuid
now()::int
  ERROR 42846 cannot cast type timestamp with time zone to integer
1::bytea
  ERROR 42846 cannot cast type integer to bytea
'{1,2,3}'::int[]
  integer[] {1,2,3}
'{}'::text[]
  text[] {}
'{a,"b c",NULL,"NULL","q\"x"}'::text[]
  text[] {a,"b c",NULL,"NULL","q\"x"}
'{1,a}'::int[]
  ERROR 22P02 invalid input syntax for type integer: "a"
'1,2'::int[]
  ERROR 22P02 malformed array literal: "1,2"
  DETAIL Array value must start with "{" or dimension information.
'{1,2'::int[]
  ERROR 22P02 malformed array literal: "{1,2"
  DETAIL Unexpected end of input.
'{1,2}x'::int[]
  ERROR 22P02 malformed array literal: "{1,2}x"
  DETAIL Junk after closing right brace.
'{1,,2}'::int[]
  ERROR 22P02 malformed array literal: "{1,,2}"
  DETAIL Unexpected "," character.
array[1,2,null]
  integer[] {1,2,NULL}
array['a','b c']
  text[] {a,"b c"}
array[1, 2.5]
  numeric[] {1,2.5}
int4('5')
  integer 5
int4(5.7)
  integer 6
text(5)
  text 5
float8('1.5')
  double precision 1.5
numeric('1.5')
  ERROR 42601 syntax error at end of input
'integer'::regtype
  regtype integer
'nosuch'::regtype
  ERROR 42704 type "nosuch" does not exist
pg_typeof(1)
  regtype integer
pg_typeof(1.5)
  regtype numeric
pg_typeof('a')
  regtype unknown
pg_typeof(null)
  regtype unknown
pg_typeof(now())
  regtype timestamp with time zone
pg_typeof(array[1])
  regtype integer[]
format_type(1043, 24)
  text character varying(20)
format_type(1700, 327686)
  text numeric(5,2)
format_type(23, null)
  text integer
format_type(0, null)
  text -
cast(1 as nosuchtype)
  ERROR 42704 type "nosuchtype" does not exist
