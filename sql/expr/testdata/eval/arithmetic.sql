-- Integer operators: the wider type wins, overflow is an error.
1 + 1
  integer 2
2147483647 + 1
  ERROR 22003 integer out of range
2147483647::int8 + 1
  bigint 2147483648
9223372036854775807 + 1
  ERROR 22003 bigint out of range
-9223372036854775807 - 2
  ERROR 22003 bigint out of range
32767::int2 + 1::int2
  ERROR 22003 smallint out of range
1::int2 + 1
  integer 2
1::int2 * 1::int8
  bigint 1
46341 * 46341
  ERROR 22003 integer out of range
4611686018427387904 * 2
  ERROR 22003 bigint out of range
-4611686018427387904 * 2
  bigint -9223372036854775808
3037000500 * 3037000500
  ERROR 22003 bigint out of range
7 / 2
  integer 3
-7 / 2
  integer -3
7 / -2
  integer -3
7 % 3
  integer 1
-7 % 3
  integer -1
7 % -3
  integer 1
1 / 0
  ERROR 22012 division by zero
1 % 0
  ERROR 22012 division by zero
mod(7, 4)
  integer 3
mod(-7::int8, 4::int8)
  bigint -3
mod(5::int2, 3::int2)
  smallint 2
(-2147483648)::int4 / -1
  ERROR 22003 integer out of range
(-2147483648)::int4 % -1
  integer 0
(-32768)::int2 / (-1)::int2
  ERROR 22003 smallint out of range
(-9223372036854775808)::int8 / -1
  ERROR 22003 bigint out of range
- (-2147483648)::int4
  ERROR 22003 integer out of range
- 5
  integer -5
+ 5
  integer 5
@ -5
  integer 5
abs(-5)
  integer 5
abs((-32768)::int2)
  ERROR 22003 smallint out of range
abs((-9223372036854775808)::int8)
  ERROR 22003 bigint out of range
5 & 3
  integer 1
5 | 3
  integer 7
5 # 3
  integer 6
~ 5
  integer -6
1 << 4
  integer 16
1 << 33
  integer 2
1 >> 1
  integer 0
-16 >> 2
  integer -4
1::int8 << 40
  bigint 1099511627776
1::int2 << 15
  smallint -32768
1::int2 << 20
  smallint 0
-1::int2 >> 3
  smallint -1
(-1)::int8 >> 63
  bigint -1
5 & 3::int8
  bigint 1
gcd(12, 18)
  integer 6
gcd(0, 0)
  integer 0
gcd(-12, 18)
  integer 6
lcm(4, 6)
  integer 12
lcm(0, 6)
  integer 0
lcm(2147483647, 2)
  ERROR 22003 integer out of range
gcd((-2147483648)::int4, 0)
  ERROR 22003 integer out of range
-- Floats.
1.5::float8 + 1
  double precision 2.5
0.1::float8 + 0.2::float8
  double precision 0.30000000000000004
1e308::float8 * 10
  ERROR 22003 value out of range: overflow
1e-300::float8 * 1e-300::float8
  ERROR 22003 value out of range: underflow
1::float8 / 0
  ERROR 22012 division by zero
0::float8 / 0
  ERROR 22012 division by zero
'NaN'::float8 / 0
  double precision NaN
'Infinity'::float8 - 'Infinity'::float8
  double precision NaN
1e38::float4 * 10::float4
  ERROR 22003 value out of range: overflow
1.1::float4 + 1.1::float4
  real 2.2
1.1::float4 + 1.1::float8
  double precision 2.200000023841858
1.1::float4 * 2
  double precision 2.200000047683716
- 1.5::float8
  double precision -1.5
@ (-1.5)::float8
  double precision 1.5
2 ^ 10
  double precision 1024
2 ^ 0.5
  numeric 1.4142135623730950
2::float8 ^ -1
  double precision 0.5
0 ^ -1
  ERROR 2201F zero raised to a negative power is undefined
(-8) ^ 0.5
  ERROR 2201F a negative number raised to a non-integer power yields a complex result
(-8.0) ^ (1/3.0)
  ERROR 2201F a negative number raised to a non-integer power yields a complex result
2.0 ^ 3
  numeric 8.0000000000000000
2.0 ^ 3.5
  numeric 11.313708498984760
10.0 ^ -3
  numeric 0.0010000000000000
0.0 ^ 0
  numeric 1.0000000000000000
0.0 ^ -1
  ERROR 2201F zero raised to a negative power is undefined
1.00001 ^ 100000
  numeric 2.7182682371744897
1e10 ^ 5.0
  numeric 100000000000000000000000000000000000000000000000000.0000000000000000
|/ 25.0
  double precision 5
|/ (-1)::float8
  ERROR 2201F cannot take square root of a negative number
-- Numerics carry the scale that PostgreSQL gives them.
1.5 + 1.25
  numeric 2.75
1.5 - 1.25
  numeric 0.25
1.5 * 1.25
  numeric 1.875
1.50 * 1.250
  numeric 1.87500
1.0 / 3
  numeric 0.33333333333333333333
1 / 3.0
  numeric 0.33333333333333333333
2 / 3.0
  numeric 0.66666666666666666667
10.0 / 2.5
  numeric 4.0000000000000000
1e20 / 3
  numeric 33333333333333333333
1e-20 / 3
  numeric 0.0000000000000000000033333333333333333333
123456789.123 / 0.0001
  numeric 1234567891230.00000000
1 / 7e10
  numeric 0.0000000000142857142857142857
5.5 % 2.1
  numeric 1.3
-5.5 % 2.1
  numeric -1.3
5.5 % 0
  ERROR 22012 division by zero
5.5 / 0
  ERROR 22012 division by zero
'NaN'::numeric + 1
  numeric NaN
'Infinity'::numeric - 'Infinity'::numeric
  numeric NaN
'Infinity'::numeric * -2
  numeric -Infinity
'Infinity'::numeric / 'Infinity'::numeric
  numeric NaN
1 / 'Infinity'::numeric
  numeric 0
'-Infinity'::numeric + 5
  numeric -Infinity
5 % 'Infinity'::numeric
  numeric 5
- 1.5
  numeric -1.5
+ 1.5
  numeric 1.5
@ -1.5
  numeric 1.5
99999999999999999999 + 1
  numeric 100000000000000000000
0.00 * 5
  numeric 0.00
1e1000 * 1e-1000
  numeric 1.0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000
div(7.5, 2)
  numeric 3
div(-7.5, 2)
  numeric -3
1 + 1.5
  numeric 2.5
1::int8 + 1.5
  numeric 2.5
1.5 + 1::float8
  double precision 2.5
'5' + 1
  integer 6
'5' + 1.5
  numeric 6.5
'1.5' + 1
  ERROR 22P02 invalid input syntax for type integer: "1.5"
null + 1
  integer NULL
1 + null
  integer NULL
-- Zero has no sign.
round(-0.4)
  numeric 0
- 0.0 = 0
  boolean t
-0.0 * 5
  numeric 0.0
'-0'::numeric
  numeric 0
- (1.5 - 1.5)
  numeric 0.0
'-0'::float8
  double precision -0
