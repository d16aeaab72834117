abs(-1.5)
  numeric 1.5
abs(-1.5::float8)
  double precision 1.5
abs(-1.5::float4)
  real 1.5
ceil(1.2)
  numeric 2
ceil(-1.2)
  numeric -1
ceil(1.2::float8)
  double precision 2
ceiling(1.0)
  numeric 1
floor(1.8)
  numeric 1
floor(-1.2)
  numeric -2
floor(-1.2::float8)
  double precision -2
round(1.5)
  numeric 2
round(2.5)
  numeric 3
round(-2.5)
  numeric -3
round(1.5::float8)
  double precision 2
round(2.5::float8)
  double precision 2
round(1.2345, 2)
  numeric 1.23
round(1.235, 2)
  numeric 1.24
round(-1.235, 2)
  numeric -1.24
round(1234.5, -2)
  numeric 1200
round(5555, -3)
  numeric 6000
round(1.2, 5)
  numeric 1.20000
round(4, 2)
  numeric 4.00
trunc(1.8)
  numeric 1
trunc(-1.8)
  numeric -1
trunc(1.8::float8)
  double precision 1
trunc(1.2399, 2)
  numeric 1.23
trunc(1299, -2)
  numeric 1200
sign(-1.5)
  numeric -1
sign(0.0)
  numeric 0
sign(2::float8)
  double precision 1
sign('NaN'::float8)
  double precision 0
sqrt(2)
  double precision 1.4142135623730951
sqrt(2.0)
  numeric 1.414213562373095
sqrt(4.0)
  numeric 2.000000000000000
sqrt(0.0)
  numeric 0.000000000000000
sqrt(1e-20)
  numeric 0.0000000001000000000000000
sqrt(123456789012345678901234567890.0)
  numeric 351364182882014.4
sqrt(-1.0)
  ERROR 2201F cannot take square root of a negative number
sqrt(-1::float8)
  ERROR 2201F cannot take square root of a negative number
exp(1)
  double precision 2.718281828459045
exp(1.0)
  numeric 2.7182818284590452
exp(0.0)
  numeric 1.0000000000000000
exp(-1.0)
  numeric 0.3678794411714423
exp(10.5)
  numeric 36315.502674246638
exp(-50.0)
  numeric 0.0000000000000000000001928749847963918
exp(100.0)
  numeric 26881171418161354484126255515800135873611118.8
exp(1000::float8)
  ERROR 22003 value out of range: overflow
exp(-1000::float8)
  ERROR 22003 value out of range: underflow
ln(2)
  double precision 0.6931471805599453
ln(2.0)
  numeric 0.6931471805599453
ln(10.0)
  numeric 2.3025850929940457
ln(1.0)
  numeric 0.0000000000000000
ln(0.95)
  numeric -0.051293294387550533
ln(1.0001)
  numeric 0.00009999500033330834
ln(123456.789)
  numeric 11.723646487185881
ln(1e-10)
  numeric -23.025850929940457
ln(0.0)
  ERROR 2201E cannot take logarithm of zero
ln(-1.0)
  ERROR 2201E cannot take logarithm of a negative number
ln(0::float8)
  ERROR 2201E cannot take logarithm of zero
log(100)
  double precision 2
log(100.0)
  numeric 2.0000000000000000
log(2.0, 8.0)
  numeric 3.0000000000000000
log(2.0, 10)
  numeric 3.3219280948873623
log(10.0, 0.001)
  numeric -3.0000000000000000
log(1.0, 5.0)
  ERROR 22012 division by zero
log(0.5)
  numeric -0.3010299956639812
log10(1000)
  double precision 3
log10(1000.0)
  numeric 3.0000000000000000
power(2, 3)
  double precision 8
power(2.0, 3)
  numeric 8.0000000000000000
power(2.0, 0.5)
  numeric 1.4142135623730950
power(2.5, -2)
  numeric 0.1600000000000000
power(10, 20.0)
  numeric 100000000000000000000.0000000000000000
power(1.1, 100.0)
  numeric 13780.6123398222701841
power(0.0, 5.5)
  numeric 0.0000000000000000
pow(2::float8, 3::float8)
  double precision 8
power(9.0, 0.5)
  numeric 3.0000000000000000
power(2.0, 100)
  numeric 1267650600228229401496703205376.0000000000000000
power(3.7, 2.2)
  numeric 17.784587354193259
pi()
  double precision 3.141592653589793
degrees(pi())
  double precision 180
radians(180)
  double precision 3.141592653589793
sin(0)
  double precision 0
cos(0)
  double precision 1
tan(0.5)
  double precision 0.5463024898437905
atan(1)
  double precision 0.7853981633974483
atan2(1, 2)
  double precision 0.4636476090008061
asin(2)
  ERROR 22003 input is out of range
acos(1)
  double precision 0
sinh(1)
  double precision 1.1752011936438014
factorial(5)
  numeric 120
factorial(0)
  numeric 1
factorial(25)
  numeric 15511210043330985984000000
factorial(-1)
  ERROR 22003 factorial of a negative number is undefined
scale(1.500)
  integer 3
min_scale(1.500)
  integer 1
trim_scale(1.500)
  numeric 1.5
width_bucket(5.35::float8, 0.024, 10.06, 5)
  integer 3
width_bucket(-1::float8, 0, 10, 5)
  integer 0
width_bucket(11::float8, 0, 10, 5)
  integer 6
width_bucket(5::float8, 10, 0, 4)
  integer 3
width_bucket(5::float8, 10, 10, 4)
  ERROR 2201G lower bound cannot equal upper bound
greatest(1, 2.5, 2)
  numeric 2.5
least(1, 2.5, null)
  numeric 1
greatest(null, null)
  text NULL
greatest('a', 'b')
  text b
least('2020-01-01'::date, '2019-01-01')
  date 2019-01-01
mod(5.5, 2)
  numeric 1.5
