a = 1
  (a = 1)
a = -1
  (a = '-1'::integer)
a > 1.5
  ((a)::numeric > 1.5)
a > 1.5::float8
  ((a)::double precision > '1.5'::double precision)
c = 5
  (c = 5)
c = 5000000000
  (c = '5000000000'::bigint)
c = -5
  (c = '-5'::integer)
a + 1 = 2
  ((a + 1) = 2)
a + 1 = 1 + 1
  ((a + 1) = 2)
- a = 1
  ((- a) = 1)
b = 'x'
  (b = 'x'::text)
b = 'it''s'
  (b = 'it''s'::text)
b = E'back\\slash'
  (b = 'back\slash'::text)
d = 'x'
  ((d)::text = 'x'::text)
d like 'x%'
  ((d)::text ~~ 'x%'::text)
b not like 'x%'
  (b !~~ 'x%'::text)
b ilike '%x_'
  (b ~~* '%x_'::text)
b ~ 'x'
  (b ~ 'x'::text)
e = 1
  (e = '1'::double precision)
e > 1.5
  (e > '1.5'::double precision)
e < 'Infinity'
  (e < 'Infinity'::double precision)
n = 1.5
  (n = 1.5)
n = 1
  (n = '1'::numeric)
n = -1.5
  (n = '-1.5'::numeric)
n = 1e10
  (n = '10000000000'::numeric)
f
  f
not f
  (NOT f)
f = true
  f
f is true
  (f IS TRUE)
f is not unknown
  (f IS NOT UNKNOWN)
not (a = 1 or a = 2)
  ((a <> 1) AND (a <> 2))
not (a = 1 and b = 'x')
  ((a <> 1) OR (b <> 'x'::text))
not (a in (1, 2))
  (a <> ALL ('{1,2}'::integer[]))
not (a between 1 and 2)
  ((a < 1) OR (a > 2))
not (a is null)
  (a IS NOT NULL)
not (b like 'x')
  (b !~~ 'x'::text)
a = 1 or b = 'x'
  ((a = 1) OR (b = 'x'::text))
a = 1 and (b = 'x' or c = 2)
  ((a = 1) AND ((b = 'x'::text) OR (c = 2)))
a is null
  (a IS NULL)
a is not null
  (a IS NOT NULL)
a is distinct from 1
  (a IS DISTINCT FROM 1)
a is not distinct from 1
  (NOT (a IS DISTINCT FROM 1))
a in (1, 2, 3)
  (a = ANY ('{1,2,3}'::integer[]))
a in (1)
  (a = 1)
a not in (1, 2)
  (a <> ALL ('{1,2}'::integer[]))
a in (1, c)
  ((a = 1) OR (a = c))
a in (1, 2, c)
  ((a = ANY ('{1,2}'::integer[])) OR (a = c))
b in ('a', 'b c', 'null', '')
  (b = ANY ('{a,"b c","null",""}'::text[]))
d in ('a', 'b')
  ((d)::text = ANY ('{a,b}'::text[]))
c in (1, 2)
  (c = ANY ('{1,2}'::bigint[]))
a = any('{1,2}')
  (a = ANY ('{1,2}'::integer[]))
a <> all('{1,2}')
  (a <> ALL ('{1,2}'::integer[]))
a = any(array[1, 2])
  (a = ANY ('{1,2}'::integer[]))
n in (1, 2.5)
  (n = ANY ('{1,2.5}'::numeric[]))
a between 1 and 2
  ((a >= 1) AND (a <= 2))
a between symmetric 2 and 1
  (((a >= 2) AND (a <= 1)) OR ((a >= 1) AND (a <= 2)))
coalesce(a, 1) = 1
  (COALESCE(a, 1) = 1)
coalesce(null, a, 2) = 1
  (COALESCE(a, 2) = 1)
nullif(a, 1) = 2
  (NULLIF(a, 1) = 2)
greatest(a, 1) = 2
  (GREATEST(a, 1) = 2)
least(c, a) = 2
  (LEAST(c, (a)::bigint) = 2)
case when a = 1 then true else f end
  CASE WHEN (a = 1) THEN true ELSE f END
case a when 1 then true when 2 then false end
  CASE a WHEN 1 THEN true WHEN 2 THEN false ELSE NULL::boolean END
case when a = 1 then 1 when b = 'x' then 2 end = 1
  (CASE WHEN (a = 1) THEN 1 WHEN (b = 'x'::text) THEN 2 ELSE NULL::integer END = 1)
lower(b) = 'x'
  (lower(b) = 'x'::text)
lower(d) = 'x'
  (lower((d)::text) = 'x'::text)
upper(b) || 'x' = 'X'
  ((upper(b) || 'x'::text) = 'X'::text)
b || 1 = 'x1'
  ((b || '1'::text) = 'x1'::text)
length(b) > 3
  (length(b) > 3)
a::text = '1'
  ((a)::text = '1'::text)
a::int8 = c
  ((a)::bigint = c)
c::int = 1
  ((c)::integer = 1)
d::varchar(3) = 'abc'
  (((d)::character varying(3))::text = 'abc'::text)
n::numeric(5,2) = 1
  ((n)::numeric(5,2) = '1'::numeric)
'1'::int = a
  (1 = a)
t > now()
  (t > now())
t > '2024-01-01'
  (t > '2024-01-01 00:00:00+00'::timestamp with time zone)
t > '2024-01-01 00:00:00+02'
  (t > '2023-12-31 22:00:00+00'::timestamp with time zone)
t + interval '1 day' > now()
  ((t + '1 day'::interval) > now())
extract(year from t) = 2024
  (EXTRACT(year FROM t) = '2024'::numeric)
date_trunc('day', t) = now()
  (date_trunc('day'::text, t) = now())
t::date = '2024-01-01'
  ((t)::date = '2024-01-01'::date)
t > current_timestamp
  (t > CURRENT_TIMESTAMP)
t::date = current_date
  ((t)::date = CURRENT_DATE)
current_user = b
  (CURRENT_USER = b)
(a, c) = (1, 2)
  ((a = 1) AND (c = 2))
a % 2 = 0
  ((a % 2) = 0)
a & 1 = 1
  ((a & 1) = 1)
~ a = 1
  ((~ a) = 1)
@ a = 1
  ((@ a) = 1)
(a + 1) * 2 = 4
  (((a + 1) * 2) = 4)
a = 1 is true
  ((a = 1) IS TRUE)
abs(-5) = a
  (5 = a)
substr(b, 1, 2) = 'x'
  (substr(b, 1, 2) = 'x'::text)
random() > 0.5
  (random() > '0.5'::double precision)
b > 'x' and true
  (b > 'x'::text)
a = 1 or false
  (a = 1)
a = null
  false
f and null
  false
a = 1/1
  (a = 1)
a = 2147483647 + 0
  (a = 2147483647)
