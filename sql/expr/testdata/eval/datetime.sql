'2024-02-29'::date
  date 2024-02-29
'2023-02-29'::date
  ERROR 22008 date/time field value out of range: "2023-02-29"
'2024-13-01'::date
  ERROR 22008 date/time field value out of range: "2024-13-01"
  HINT Perhaps you need a different "datestyle" setting.
'20240229'::date
  date 2024-02-29
'1/8/1999'::date
  date 1999-01-08
'1999-Jan-08'::date
  date 1999-01-08
'08-Jan-1999'::date
  date 1999-01-08
'Jan 8, 1999'::date
  date 1999-01-08
'January 8, 99 BC'::date
  date 0099-01-08 BC
'8 January 1999'::date
  date 1999-01-08
'J2451187'::date
  date 1999-01-08
'epoch'::date
  date 1970-01-01
'infinity'::date
  date infinity
'-infinity'::date
  date -infinity
'0044-03-15 BC'::date
  date 0044-03-15 BC
'0000-01-01'::date
  ERROR 22008 date/time field value out of range: "0000-01-01"
'5874897-12-31'::date
  date 5874897-12-31
'5874898-01-01'::date
  ERROR 22008 date out of range: "5874898-01-01"
'4714-11-24 BC'::date
  date 4714-11-24 BC
'4714-11-23 BC'::date
  ERROR 22008 date out of range: "4714-11-23 BC"
'99-01-01'::date
  ERROR 22008 date/time field value out of range: "99-01-01"
  HINT Perhaps you need a different "datestyle" setting.
'abc'::date
  ERROR 22007 invalid input syntax for type date: "abc"
''::date
  ERROR 22007 invalid input syntax for type date: ""
'2024-01-01 10:00'::date
  date 2024-01-01
'2024-01-01 10:20:30'::timestamp
  timestamp without time zone 2024-01-01 10:20:30
'2024-01-01T10:20:30.123456'::timestamp
  timestamp without time zone 2024-01-01 10:20:30.123456
'2024-01-01 10:20:30.1234567'::timestamp
  timestamp without time zone 2024-01-01 10:20:30.123457
'2024-01-01 24:00:00'::timestamp
  timestamp without time zone 2024-01-02 00:00:00
'2024-01-01 24:00:01'::timestamp
  ERROR 22008 date/time field value out of range: "2024-01-01 24:00:01"
'2024-01-01 10:60:00'::timestamp
  ERROR 22008 date/time field value out of range: "2024-01-01 10:60:00"
'2024-01-01 23:59:60'::timestamp
  timestamp without time zone 2024-01-02 00:00:00
'2024-01-01 10:20 PM'::timestamp
  timestamp without time zone 2024-01-01 22:20:00
'2024-01-01 12:20 AM'::timestamp
  timestamp without time zone 2024-01-01 00:20:00
'2024-01-01 13:20 PM'::timestamp
  ERROR 22008 date/time field value out of range: "2024-01-01 13:20 PM"
'2024-01-01 102030'::timestamp
  timestamp without time zone 2024-01-01 10:20:30
'20240101T102030'::timestamp
  timestamp without time zone 2024-01-01 10:20:30
'2024-01-01'::timestamp
  timestamp without time zone 2024-01-01 00:00:00
'2024-01-01 10:20:30+02'::timestamp
  timestamp without time zone 2024-01-01 10:20:30
'294276-12-31 23:59:59.999999'::timestamp
  timestamp without time zone 294276-12-31 23:59:59.999999
'294277-01-01'::timestamp
  ERROR 22008 timestamp out of range: "294277-01-01"
'2024-01-01 10:20:30.987'::timestamp(1)
  timestamp without time zone 2024-01-01 10:20:31
'2024-01-01 10:20:30.5'::timestamp(0)
  timestamp without time zone 2024-01-01 10:20:31
'2024-01-01 10:20:30'::timestamptz
  timestamp with time zone 2024-01-01 10:20:30+00
'2024-01-01 10:20:30+02'::timestamptz
  timestamp with time zone 2024-01-01 08:20:30+00
'2024-01-01 10:20:30-08:30'::timestamptz
  timestamp with time zone 2024-01-01 18:50:30+00
'2024-01-01 10:20:30 +0530'::timestamptz
  timestamp with time zone 2024-01-01 04:50:30+00
'2024-01-01 10:20:30Z'::timestamptz
  timestamp with time zone 2024-01-01 10:20:30+00
'2024-01-01 10:20:30 UTC'::timestamptz
  timestamp with time zone 2024-01-01 10:20:30+00
'2024-01-01 10:20:30 PST'::timestamptz
  timestamp with time zone 2024-01-01 18:20:30+00
'2024-07-01 10:20:30 America/New_York'::timestamptz
  timestamp with time zone 2024-07-01 14:20:30+00
'2024-01-01 10:20:30 America/New_York'::timestamptz
  timestamp with time zone 2024-01-01 15:20:30+00
'2024-01-01 10:20:30 Nowhere/City'::timestamptz
  ERROR 22023 time zone "nowhere/city" not recognized
'2024-01-01 10:20:30+16'::timestamptz
  ERROR 22009 time zone displacement out of range: "2024-01-01 10:20:30+16"
'infinity'::timestamptz
  timestamp with time zone infinity
'epoch'::timestamptz
  timestamp with time zone 1970-01-01 00:00:00+00
'Mon Jan 08 04:05:06 1999 PST'::timestamptz
  timestamp with time zone 1999-01-08 12:05:06+00
date '2024-01-31' + 1
  date 2024-02-01
1 + date '2024-01-31'
  date 2024-02-01
date '2024-01-31' - 31
  date 2023-12-31
date '2024-03-01' - date '2024-02-01'
  integer 29
date '2024-01-31' + interval '1 month'
  timestamp without time zone 2024-02-29 00:00:00
date '2024-01-31' - interval '1 day 2 hours'
  timestamp without time zone 2024-01-29 22:00:00
timestamp '2024-01-31 10:00' + interval '1 month'
  timestamp without time zone 2024-02-29 10:00:00
timestamp '2024-03-31 10:00' - interval '1 month'
  timestamp without time zone 2024-02-29 10:00:00
interval '1 hour' + timestamp '2024-01-31 10:00'
  timestamp without time zone 2024-01-31 11:00:00
timestamp '2024-03-01 10:00' - timestamp '2024-02-01 12:30'
  interval 28 days 21:30:00
timestamptz '2024-03-01 10:00' - timestamptz '2024-02-01 12:30'
  interval 28 days 21:30:00
timestamptz '2024-03-01 10:00' + interval '1 day 01:30:00.5'
  timestamp with time zone 2024-03-02 11:30:00.5+00
'infinity'::timestamp + interval '1 day'
  timestamp without time zone infinity
'infinity'::timestamp - 'infinity'::timestamp
  ERROR 22008 cannot subtract infinite timestamps
'infinity'::date - date '2024-01-01'
  ERROR 22008 cannot subtract infinite dates
timestamp '294276-12-31' + interval '1 day'
  ERROR 22008 timestamp out of range
date '2024-01-01' - '2023-01-01'
  integer 365
now() - now()
  interval 00:00:00
interval '1 day'
  interval 1 day
interval '1 year 2 months 3 days 4 hours 5 minutes 6.789 seconds'
  interval 1 year 2 mons 3 days 04:05:06.789
interval '1-2'
  interval 1 year 2 mons
interval '1 12:30:00'
  interval 1 day 12:30:00
interval '-1 day'
  interval -1 days
interval '1 day ago'
  interval -1 days
interval '1.5 days'
  interval 1 day 12:00:00
interval '1.5 months'
  interval 1 mon 15 days
interval '1.5 years'
  interval 1 year 6 mons
interval '2 weeks'
  interval 14 days
interval '90 minutes'
  interval 01:30:00
interval '100 hours'
  interval 100:00:00
interval '1 mon -1 day'
  interval 1 mon -1 days
interval '-1 mon +1 day 02:03:04'
  interval -1 mons +1 day 02:03:04
interval 'P1Y2M3DT4H5M6S'
  interval 1 year 2 mons 3 days 04:05:06
interval 'P2W'
  interval 14 days
interval 'PT36H'
  interval 36:00:00
interval '1'
  interval 00:00:01
interval '12:30'
  interval 12:30:00
interval '12:30.5'
  interval 00:12:30.5
interval '@ 1 minute'
  interval 00:01:00
interval '1 millisecond'
  interval 00:00:00.001
interval 'abc'
  ERROR 22007 invalid input syntax for type interval: "abc"
interval '1 foo'
  ERROR 22007 invalid input syntax for type interval: "1 foo"
interval '0'
  interval 00:00:00
interval '1 decade 1 century'
  interval 110 years
interval '1 day' + interval '2 hours'
  interval 1 day 02:00:00
interval '1 month' - interval '1 day'
  interval 1 mon -1 days
- interval '1 day 2 hours'
  interval -1 days -02:00:00
interval '1 day' * 1.5
  interval 1 day 12:00:00
interval '1 month' * 0.5
  interval 15 days
2 * interval '1 hour 30 minutes'
  interval 03:00:00
interval '1 hour' / 3
  interval 00:20:00
interval '1 month' / 4
  interval 7 days 12:00:00
interval '1 day' / 0
  ERROR 22012 division by zero
justify_hours(interval '27 hours')
  interval 1 day 03:00:00
justify_days(interval '35 days')
  interval 1 mon 5 days
justify_interval(interval '1 mon -1 hour')
  interval 29 days 23:00:00
date_trunc('hour', timestamp '2024-05-15 10:20:30.5')
  timestamp without time zone 2024-05-15 10:00:00
date_trunc('day', timestamp '2024-05-15 10:20:30')
  timestamp without time zone 2024-05-15 00:00:00
date_trunc('week', timestamp '2024-05-15 10:20:30')
  timestamp without time zone 2024-05-13 00:00:00
date_trunc('month', timestamp '2024-05-15 10:20:30')
  timestamp without time zone 2024-05-01 00:00:00
date_trunc('quarter', timestamp '2024-05-15 10:20:30')
  timestamp without time zone 2024-04-01 00:00:00
date_trunc('year', timestamptz '2024-05-15 10:20:30')
  timestamp with time zone 2024-01-01 00:00:00+00
date_trunc('decade', timestamp '2024-05-15 10:20:30')
  timestamp without time zone 2020-01-01 00:00:00
date_trunc('century', timestamp '2024-05-15 10:20:30')
  timestamp without time zone 2001-01-01 00:00:00
date_trunc('millennium', timestamp '2024-05-15 10:20:30')
  timestamp without time zone 2001-01-01 00:00:00
date_trunc('milliseconds', timestamp '2024-05-15 10:20:30.123456')
  timestamp without time zone 2024-05-15 10:20:30.123
date_trunc('day', timestamptz '2024-05-15 02:00:00+00', 'America/New_York')
  timestamp with time zone 2024-05-14 04:00:00+00
date_trunc('day', date '2024-05-15')
  timestamp with time zone 2024-05-15 00:00:00+00
date_trunc('day', interval '3 days 02:00')
  interval 3 days
date_trunc('foo', timestamp '2024-05-15')
  ERROR 22023 unit "foo" not recognized for type timestamp without time zone
date_trunc('dow', timestamp '2024-05-15')
  ERROR 22023 unit "dow" not recognized for type timestamp without time zone
extract(year from timestamp '2024-05-15 10:20:30.5')
  numeric 2024
extract(month from timestamp '2024-05-15 10:20:30.5')
  numeric 5
extract(day from date '2024-05-15')
  numeric 15
extract(hour from timestamp '2024-05-15 10:20:30.5')
  numeric 10
extract(second from timestamp '2024-05-15 10:20:30.5')
  numeric 30.500000
extract(milliseconds from timestamp '2024-05-15 10:20:30.5')
  numeric 30500.000
extract(microseconds from timestamp '2024-05-15 10:20:30.5')
  numeric 30500000
extract(epoch from timestamp '2024-05-15 10:20:30.5')
  numeric 1715768430.500000
extract(epoch from timestamptz '2024-05-15 10:20:30.5')
  numeric 1715768430.500000
extract(epoch from date '2024-05-15')
  numeric 1715731200
extract(epoch from interval '1 year 1 day 00:00:01.5')
  numeric 31644001.500000
extract(dow from timestamp '2024-05-19 10:20:30.5')
  numeric 0
extract(isodow from timestamp '2024-05-19 10:20:30.5')
  numeric 7
extract(doy from date '2024-12-31')
  numeric 366
extract(week from date '2024-12-30')
  numeric 1
extract(isoyear from date '2024-12-30')
  numeric 2025
extract(quarter from date '2024-12-30')
  numeric 4
extract(century from date '2000-12-30')
  numeric 20
extract(century from date '0001-12-30 BC')
  numeric -1
extract(millennium from date '2001-12-30')
  numeric 3
extract(decade from date '1999-12-30')
  numeric 199
extract(julian from date '2024-01-01')
  numeric 2460311
extract(timezone from timestamptz '2024-01-01')
  numeric 0
extract(timezone from timestamp '2024-01-01')
  ERROR 0A000 unit "timezone" not supported for type timestamp without time zone
extract(hour from date '2024-01-01')
  ERROR 0A000 unit "hour" not supported for type date
extract(day from interval '40 days 5 hours')
  numeric 40
extract(hour from interval '40 days 50 hours')
  numeric 50
extract(foo from timestamp '2024-01-01')
  ERROR 22023 unit "foo" not recognized for type timestamp without time zone
extract(year from timestamp 'infinity')
  numeric Infinity
extract(month from timestamp 'infinity')
  numeric NULL
extract(year from date '-infinity')
  numeric -Infinity
extract(year from date '0044-03-15 BC')
  numeric -44
date_part('year', timestamp '2024-05-15 10:20:30.5')
  double precision 2024
date_part('second', timestamp '2024-05-15 10:20:30.5')
  double precision 30.5
date_part('epoch', timestamptz '2024-05-15 10:20:30.5')
  double precision 1715768430.5
date_part('day', date '2024-05-15')
  double precision 15
date_part('hour', interval '5 hours')
  double precision 5
age(timestamp '2001-04-10', timestamp '1957-06-13')
  interval 43 years 9 mons 27 days
age(timestamp '1957-06-13', timestamp '2001-04-10')
  interval -43 years -9 mons -27 days
age(timestamp '2024-03-31', timestamp '2024-02-29')
  interval 1 mon 2 days
age(timestamptz '2024-03-31 10:00', timestamptz '2024-02-29 12:00')
  interval 1 mon 1 day 22:00:00
make_date(2024, 2, 29)
  date 2024-02-29
make_date(2023, 2, 29)
  ERROR 22008 date field value out of range: 2023-02-29
make_date(-44, 3, 15)
  date 0044-03-15 BC
make_date(0, 1, 1)
  ERROR 22008 date field value out of range: 0-01-01
make_timestamp(2024, 1, 2, 3, 4, 5.5)
  timestamp without time zone 2024-01-02 03:04:05.5
make_timestamp(2024, 1, 2, 25, 4, 5.5)
  ERROR 22008 time field value out of range: 25:04:5.5
make_timestamptz(2024, 1, 2, 3, 4, 5.5)
  timestamp with time zone 2024-01-02 03:04:05.5+00
make_timestamptz(2024, 1, 2, 3, 4, 5.5, 'America/New_York')
  timestamp with time zone 2024-01-02 08:04:05.5+00
make_interval(1, 2, 3, 4)
  interval 1 year 2 mons 25 days
make_interval()
  interval 00:00:00
to_timestamp(0)
  timestamp with time zone 1970-01-01 00:00:00+00
to_timestamp(1700000000.123)
  timestamp with time zone 2023-11-14 22:13:20.123+00
to_timestamp('Infinity'::float8)
  timestamp with time zone infinity
to_timestamp('NaN'::float8)
  ERROR 22008 timestamp cannot be NaN
isfinite(date 'infinity')
  boolean f
isfinite(timestamp '2024-01-01')
  boolean t
timestamp '2024-01-01 10:00' at time zone 'America/New_York'
  timestamp with time zone 2024-01-01 15:00:00+00
timestamptz '2024-01-01 10:00+00' at time zone 'America/New_York'
  timestamp without time zone 2024-01-01 05:00:00
timestamptz '2024-01-01 10:00+00' at time zone interval '2 hours'
  timestamp without time zone 2024-01-01 12:00:00
timestamp '2024-01-01 10:00' at time zone 'nowhere'
  ERROR 22023 time zone "nowhere" not recognized
date_bin('15 minutes', timestamp '2024-02-11 15:44:17', timestamp '2001-01-01')
  timestamp without time zone 2024-02-11 15:30:00
date_bin('1 month', timestamp '2024-02-11 15:44:17', timestamp '2001-01-01')
  ERROR 0A000 timestamps cannot be binned into intervals containing months or years
date '2024-01-01'::timestamp
  timestamp without time zone 2024-01-01 00:00:00
date '2024-01-01'::timestamptz
  timestamp with time zone 2024-01-01 00:00:00+00
timestamp '2024-01-01 10:20:30'::date
  date 2024-01-01
timestamptz '2024-01-01 10:20:30'::date
  date 2024-01-01
date '5000000-01-01'::timestamp
  ERROR 22008 date out of range for timestamp
generate_series(1, 3)
  integer 1
  integer 2
  integer 3
generate_series(3, 1)
  no rows
generate_series(3, 1, -1)
  integer 3
  integer 2
  integer 1
generate_series(1, 10, 4)
  integer 1
  integer 5
  integer 9
generate_series(1, 2, 0)
  ERROR 22023 step size cannot equal zero
generate_series(2147483646, 2147483647)
  integer 2147483646
  integer 2147483647
generate_series(9223372036854775806, 9223372036854775807)
  bigint 9223372036854775806
  bigint 9223372036854775807
generate_series(1.0, 2.0, 0.5)
  numeric 1.0
  numeric 1.5
  numeric 2.0
generate_series(1, 3.5)
  numeric 1
  numeric 2
  numeric 3
generate_series(1, 'NaN'::numeric)
  ERROR 22023 stop value cannot be NaN
generate_series(timestamp '2024-01-30', timestamp '2024-04-01', '1 month')
  timestamp without time zone 2024-01-30 00:00:00
  timestamp without time zone 2024-02-29 00:00:00
  timestamp without time zone 2024-03-29 00:00:00
generate_series(timestamptz '2024-01-01', timestamptz '2024-01-02', '12 hours')
  timestamp with time zone 2024-01-01 00:00:00+00
  timestamp with time zone 2024-01-01 12:00:00+00
  timestamp with time zone 2024-01-02 00:00:00+00
generate_series(date '2024-01-01', date '2024-01-02', interval '1 day')
  timestamp with time zone 2024-01-01 00:00:00+00
  timestamp with time zone 2024-01-02 00:00:00+00
generate_series(null, 3)
  no rows
unnest(array[1, null, 3])
  integer 1
  integer NULL
  integer 3
unnest('{a,b}'::text[])
  text a
  text b
