-- dates
to_char(timestamp '2024-02-29 13:04:05.678901', 'YYYY-MM-DD HH24:MI:SS')
  text 2024-02-29 13:04:05
to_char(timestamp '2024-02-29 13:04:05.678901', 'HH12:MI:SS.MS AM')
  text 01:04:05.678 PM
to_char(timestamp '2024-02-29 00:04:05.6', 'HH:MI:SS.US a.m.')
  text 12:04:05.600000 a.m.
to_char(timestamp '2024-02-29 13:04:05', 'Day|DAY|day|Dy|DY|dy|D|ID')
  text Thursday |THURSDAY |thursday |Thu|THU|thu|5|4
to_char(timestamp '2024-02-29 13:04:05', 'Month|MONTH|month|Mon|MON|mon|MM|RM|rm')
  text February |FEBRUARY |february |Feb|FEB|feb|02|II  |ii  
to_char(timestamp '2024-02-29 13:04:05', 'FMDay, FMDD FMMonth YYYY')
  text Thursday, 29 February 2024
to_char(timestamp '2024-02-09 03:04:05', 'FMHH24:FMMI FMDDth FMDDTH')
  text 3:4 9th 9TH
to_char(timestamp '2024-02-29 13:04:05', 'DDD IDDD WW W IW IYYY IYY IY I Q J CC')
  text 060 060 09 5 09 2024 024 24 4 1 2460370 21
to_char(timestamp '0044-03-15 13:04:05 BC', 'YYYY BC b.c. Y,YYY CC')
  text 0044 BC b.c. 0,044 -01
to_char(timestamp '2024-02-29 13:04:05', 'Y,YYY YYY YY Y SSSS')
  text 2,024 024 24 4 47045
to_char(timestamp '2024-02-29 13:04:05.123456', 'FF1 FF2 FF3 FF4 FF5 FF6')
  text 1 12 123 1234 12345 123456
to_char(timestamp '2024-02-29 13:04:05', '"Year: "YYYY \"x\" abc-HH24h')
  text Year: 2024 "x" aad-13h
to_char(timestamp '2024-02-21 13:04:05', 'DDth DDst MMTH')
  text 21st 21st 02ND
to_char(timestamp 'infinity', 'YYYY')
  text NULL
to_char(timestamptz '2024-06-29 13:04:05+02', 'YYYY-MM-DD HH24:MI:SS TZ TZH:TZM OF')
  text 2024-06-29 11:04:05 UTC +00:00 +00
to_char(date '2024-02-29', 'YYYYMMDD')
  text 20240229
to_char(interval '1 year 2 months 3 days 04:05:06.789', 'YYYY MM DD HH24:MI:SS.MS')
  text 0001 02 03 04:05:06.789
to_char(interval '100 hours', 'HH24:MI:SS HH12')
  text 100:00:00 04
to_char(interval '-04:05:06', 'HH24:MI:SS')
  text -04:-05:-06
to_char(interval '15 months', 'Day')
  ERROR 22007 invalid format specification for an interval value
  HINT Intervals are not tied to specific calendar dates.
to_char(interval '14 months', 'Q RM DDD CC')
  text 1 II   420 00
to_char(timestamp '2024-02-29', '')
  text NULL
-- numbers
to_char(12345, '99999')
  text  12345
to_char(12345, '99,999')
  text  12,345
to_char(-12345, '99,999')
  text -12,345
to_char(123, '99999')
  text    123
to_char(123, '00000')
  text  00123
to_char(123, 'FM99999')
  text 123
to_char(123, 'FM00000')
  text 00123
to_char(12345, '999')
  text  ###
to_char(1234.5678, '9999.99')
  text  1234.57
to_char(1234.5678, '9,999.99')
  text  1,234.57
to_char(0.1, '0.9')
  text  0.1
to_char(0.1, '9.9')
  text   .1
to_char(0.1, '99.99')
  text    .10
to_char(-0.1, '99.99')
  text   -.10
to_char(0, '9')
  text  0
to_char(0, '99.99')
  text    .00
to_char(0, 'FM99.99')
  text 0.
to_char(0, 'FM90.99')
  text 0.
to_char(1.5, 'FM999.99')
  text 1.5
to_char(1.5, 'FM999.00')
  text 1.50
to_char(1.5, 'FM990.990')
  text 1.500
to_char(100, 'FM999.')
  text 100
to_char(485, '9 9 9')
  text  4 8 5
to_char(1485, '9,999')
  text  1,485
to_char(148.5, '999.999')
  text  148.500
to_char(148.5, 'FM999.999')
  text 148.5
to_char(148.5, 'FM999.990')
  text 148.500
to_char(3148.5, '9,999.999')
  text  3,148.500
to_char(-485, '999S')
  text 485-
to_char(485, 'S999')
  text +485
to_char(-485, '999MI')
  text 485-
to_char(485, '999MI')
  text 485 
to_char(485, 'FM999MI')
  text 485
to_char(485, 'PL999')
  text + 485
to_char(485, 'SG999')
  text +485
to_char(-485, 'SG999')
  text -485
to_char(-485, '999PR')
  text <485>
to_char(485, '999PR')
  text  485 
to_char(482, '999th')
  text  482nd
to_char(485, '"Good number:"999')
  text Good number: 485
to_char(485.8, '"Pre:"999" Post:" .999')
  text Pre: 485 Post: .800
to_char(0.5, '9')
  text  1
to_char(99.99, '99.9')
  text  ##.#
to_char(1e10::float8, '99999999999')
  text  10000000000
to_char(1.25::float4, '9.99')
  text  1.25
to_char('NaN'::numeric, '999')
  text  NaN
to_char(12345678901234567890, '99,999,999,999,999,999,999')
  text  12,345,678,901,234,567,890
to_char(5, '9.9.9')
  ERROR 42601 multiple decimal points
to_char(5::int8, '0000')
  text  0005
to_char(-5, '0000')
  text -0005
to_char(1234567.891, 'FM999G999G990D00')
  text 1,234,567.89
-- reading
to_number('12,454.8-', '99G999D9S')
  numeric -12454.8
to_number('-34,338,492', '99G999G999')
  numeric -34338492
to_number('0.1', '9.9')
  numeric 0.1
to_number('123', '999')
  numeric 123
to_number('<564646.654564>', '999999.999999PR')
  numeric -564646.654564
to_number('abc', '999')
  ERROR 22P02 invalid input syntax for type numeric: " "
to_date('05 Dec 2000', 'DD Mon YYYY')
  date 2000-12-05
to_date('2024-02-29', 'YYYY-MM-DD')
  date 2024-02-29
to_date('20240229', 'YYYYMMDD')
  date 2024-02-29
to_date('2023-02-29', 'YYYY-MM-DD')
  ERROR 22008 date/time field value out of range: "2023-02-29"
to_date('2024/2/9', 'YYYY-MM-DD')
  date 2024-02-09
to_date('29 february 2024', 'DD Month YYYY')
  date 2024-02-29
to_date('99-1-1', 'YY-MM-DD')
  date 1999-01-01
to_date('2024 060', 'YYYY DDD')
  date 2024-02-29
to_date('44-03-15 BC', 'YYYY-MM-DD BC')
  date 0044-03-15 BC
to_date('x', 'YYYY')
  ERROR 22007 invalid value "x" for "YYYY"
  DETAIL Value must be an integer.
to_date('2024-13-01', 'YYYY-MM-DD')
  ERROR 22008 date/time field value out of range: "2024-13-01"
to_timestamp('05 Dec 2000 13:04', 'DD Mon YYYY HH24:MI')
  timestamp with time zone 2000-12-05 13:04:00+00
to_timestamp('2024-02-29 01:04:05.678 PM', 'YYYY-MM-DD HH12:MI:SS.MS PM')
  timestamp with time zone 2024-02-29 13:04:05.678+00
to_timestamp('2024-02-29 12:04 am', 'YYYY-MM-DD HH:MI am')
  timestamp with time zone 2024-02-29 00:04:00+00
to_timestamp('20240229130405', 'YYYYMMDDHH24MISS')
  timestamp with time zone 2024-02-29 13:04:05+00
to_timestamp('2024-02-29 13:04:05.123456', 'YYYY-MM-DD HH24:MI:SS.US')
  timestamp with time zone 2024-02-29 13:04:05.123456+00
to_timestamp('2024-02-29 13:04+05:30', 'YYYY-MM-DD HH24:MITZH:TZM')
  timestamp with time zone 2024-02-29 07:34:00+00
to_timestamp('2024-02-29 25:00', 'YYYY-MM-DD HH24:MI')
  ERROR 22008 date/time field value out of range: "2024-02-29 25:00"
to_timestamp('2024-02-29 13:00', 'YYYY-MM-DD HH12:MI')
  ERROR 22007 hour "13" is invalid for the 12-hour clock
  HINT Use the 24-hour clock, or give an hour between 1 and 12.
to_timestamp('2024-02-29T10:11:12', 'YYYY-MM-DD"T"HH24:MI:SS')
  timestamp with time zone 2024-02-29 10:11:12+00
to_timestamp('2024-02-29', 'YYYY-MM-DD HH24:MI')
  timestamp with time zone 2024-02-29 00:00:00+00
to_timestamp('2024 Foo', 'YYYY Mon')
  ERROR 22007 invalid value "Foo" for "Mon"
  DETAIL The given value did not match any of the allowed values for this field.
-- more
to_char(-485, 'PL999')
  text  -485
to_char(0.1, 'FM99.99')
  text .1
to_char('NaN'::float8, '9999')
  text   NaN
to_char('Infinity'::float8, '999')
  text  ###
to_char('-Infinity'::float8, '99999999')
  text -Infinity
to_char(-0.001, '9.99')
  text   .00
to_char(0.999, '9.99')
  text  1.00
to_char(9.999, '9.99')
  text  #.##
to_char(null::int, '999')
  text NULL
to_char(12, '990')
  text   12
to_char(1e20::float8, '999')
  text  ###
to_char(123.456::float8, '999D999')
  text  123.456
