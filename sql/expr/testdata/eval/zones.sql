-- Local time of a session with daylight saving.
set TimeZone to 'America/New_York'
timestamptz '2024-07-01 12:00:00+00'
  timestamp with time zone 2024-07-01 08:00:00-04
timestamptz '2024-01-01 12:00:00+00'
  timestamp with time zone 2024-01-01 07:00:00-05
'2024-07-01 12:00'::timestamptz
  timestamp with time zone 2024-07-01 12:00:00-04
'2024-03-10 02:30'::timestamptz
  timestamp with time zone 2024-03-10 03:30:00-04
'2024-11-03 01:30'::timestamptz
  timestamp with time zone 2024-11-03 01:30:00-05
timestamptz '2024-03-09 12:00' + interval '1 day'
  timestamp with time zone 2024-03-10 12:00:00-04
timestamptz '2024-03-09 12:00' + interval '24 hours'
  timestamp with time zone 2024-03-10 13:00:00-04
timestamptz '2024-03-11 00:00' - timestamptz '2024-03-10 00:00'
  interval 23:00:00
timestamptz '2024-07-01 02:00+00'::date
  date 2024-06-30
date '2024-07-01'::timestamptz
  timestamp with time zone 2024-07-01 00:00:00-04
timestamp '2024-07-01 10:00'::timestamptz
  timestamp with time zone 2024-07-01 10:00:00-04
timestamptz '2024-07-01 10:00'::timestamp
  timestamp without time zone 2024-07-01 10:00:00
date_trunc('day', timestamptz '2024-07-01 02:00+00')
  timestamp with time zone 2024-06-30 00:00:00-04
extract(hour from timestamptz '2024-07-01 02:00+00')
  numeric 22
extract(timezone from timestamptz '2024-07-01 02:00+00')
  numeric -14400
extract(timezone_hour from timestamptz '2024-07-01 02:00+00')
  numeric -4
date '2024-07-01' = timestamptz '2024-07-01 04:00+00'
  boolean t
timestamp '2024-07-01' < timestamptz '2024-07-01 04:00+00'
  boolean f
generate_series(timestamptz '2024-03-09 12:00', timestamptz '2024-03-11 12:00', '1 day')
  timestamp with time zone 2024-03-09 12:00:00-05
  timestamp with time zone 2024-03-10 12:00:00-04
  timestamp with time zone 2024-03-11 12:00:00-04
'1800-01-01 00:00'::timestamptz
  timestamp with time zone 1800-01-01 00:00:00-04:56:02
'1883-11-18 12:03:57'::timestamptz
  timestamp with time zone 1883-11-18 12:03:57-05
set TimeZone to 'Asia/Kolkata'
timestamptz '2024-01-01 00:00:00+00'
  timestamp with time zone 2024-01-01 05:30:00+05:30
set TimeZone to 'UTC'
set DateStyle to 'ISO, DMY'
'1/8/1999'::date
  date 1999-08-01
'13/1/1999'::date
  date 1999-01-13
'1/13/1999'::date
  ERROR 22008 date/time field value out of range: "1/13/1999"
  HINT Perhaps you need a different "datestyle" setting.
set DateStyle to 'ISO, YMD'
'99/1/8'::date
  date 1999-01-08
set extra_float_digits to 0
0.1::float8 + 0.2::float8
  double precision 0.3
1.0::float8 / 3
  double precision 0.333333333333333
1::float4 / 3::float4
  real 0.333333
1e15::float8
  double precision 1e+15
123456789::float8
  double precision 123456789
set extra_float_digits to -3
1.0::float8 / 3
  double precision 0.333333333333
set extra_float_digits to 1
set bytea_output to 'escape'
'\x00410a5c'::bytea
  bytea \000A\012\\
set IntervalStyle to 'iso_8601'
interval '1 year 2 months 3 days 04:05:06.7'
  interval P1Y2M3DT4H5M6.7S
interval '-1 day -00:00:01.5'
  interval P-1DT-1.5S
interval '0'
  interval PT0S
