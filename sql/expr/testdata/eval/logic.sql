true and true
  boolean t
true and false
  boolean f
true and null
  boolean NULL
false and null
  boolean f
null and null
  boolean NULL
true or null
  boolean t
false or null
  boolean NULL
not true
  boolean f
not null
  boolean NULL
not null::bool
  boolean NULL
null is null
  boolean t
1 is null
  boolean f
1 is not null
  boolean t
null = null
  boolean NULL
1 = null
  boolean NULL
(null::bool) is true
  boolean f
(null::bool) is not true
  boolean t
(null::bool) is unknown
  boolean t
true is false
  boolean f
false is not unknown
  boolean t
1 is distinct from null
  boolean t
null is distinct from null
  boolean f
1 is distinct from 1
  boolean f
1 is not distinct from null
  boolean f
1 in (1, 2)
  boolean t
3 in (1, 2)
  boolean f
3 in (1, null)
  boolean NULL
1 in (1, null)
  boolean t
3 not in (1, 2)
  boolean t
3 not in (1, null)
  boolean NULL
1 in (1.0, 2)
  boolean t
'a' in ('a', 'b')
  boolean t
1 in ('1', '2')
  boolean t
1 in ('a')
  ERROR 22P02 invalid input syntax for type integer: "a"
1 in (1, 'a')
  ERROR 22P02 invalid input syntax for type integer: "a"
5 in (1,2,3,4,5,6,7,8,9,10)
  boolean t
11 in (1,2,3,4,5,6,7,8,9,10)
  boolean f
11 in (1,2,3,4,5,6,7,8,9,null)
  boolean NULL
11 not in (1,2,3,4,5,6,7,8,9,10)
  boolean t
5 between 1 and 10
  boolean t
5 not between 1 and 10
  boolean f
5 between 10 and 1
  boolean f
5 between symmetric 10 and 1
  boolean t
5 not between symmetric 10 and 1
  boolean f
null between 1 and 2
  boolean NULL
'b' between 'a' and 'c'
  boolean t
case when true then 1 else 2 end
  integer 1
case when false then 1 end
  integer NULL
case 1 when 1 then 'a' when 2 then 'b' else 'c' end
  text a
case 3 when 1 then 'a' when 2 then 'b' end
  text NULL
case null when null then 1 else 2 end
  integer 2
case when null then 1 else 2.5 end
  numeric 2.5
case when true then 1 else 'a' end
  ERROR 22P02 invalid input syntax for type integer: "a"
case when true then 1 else '2' end
  integer 1
case when 1 then 2 end
  ERROR 42804 argument of CASE/WHEN must be type boolean, not type integer
case 'a' when 1 then 2 end
  ERROR 42883 operator does not exist: text = integer
  HINT No operator matches the given name and argument types. You might need to add explicit type casts.
case when false then 1/0 else 7 end
  integer 7
case 1 when 1 then 1 else 1/0 end
  integer 1
case case 1 when 1 then 2 end when 2 then case 5 when 5 then 'deep' end end
  text deep
coalesce(null, 1, 2)
  integer 1
coalesce(null, null)
  text NULL
coalesce(null, 'a')
  text a
coalesce(1, 'a')
  ERROR 22P02 invalid input syntax for type integer: "a"
coalesce(1, 1.5)
  numeric 1
coalesce(1, 1/0)
  integer 1
nullif(1, 1)
  integer NULL
nullif(1, 2)
  integer 1
nullif(1, 2.0)
  numeric 1
nullif('a', 'b')
  text a
nullif(null, 1)
  integer NULL
nullif(1, 'x')
  ERROR 22P02 invalid input syntax for type integer: "x"
1 and true
  ERROR 42804 argument of AND must be type boolean, not type integer
not 1
  ERROR 42804 argument of NOT must be type boolean, not type integer
1 = 1.0
  boolean t
1 < 2::int8
  boolean t
1::int2 <> 2
  boolean t
1.5::float4 = 1.5::float8
  boolean t
0.1::float4 = 0.1::float8
  boolean f
'NaN'::float8 = 'NaN'::float8
  boolean t
'NaN'::float8 > 'Infinity'::float8
  boolean t
'NaN'::numeric > 'Infinity'::numeric
  boolean t
'a' < 'b'
  boolean t
'a' < 'B'
  boolean f
'a'::text = 'a'::varchar
  boolean t
'a'::name = 'a'
  boolean t
true > false
  boolean t
1 = 'a'
  ERROR 22P02 invalid input syntax for type integer: "a"
1 = true
  ERROR 42883 operator does not exist: integer = boolean
  HINT No operator matches the given name and argument types. You might need to add explicit type casts.
'a' = 1
  ERROR 22P02 invalid input syntax for type integer: "a"
1 + 'a'
  ERROR 22P02 invalid input syntax for type integer: "a"
'2020-01-01'::date < '2020-01-02'
  boolean t
'2020-01-01'::date < '2020-01-01 01:00'::timestamp
  boolean t
'2020-01-01'::date = '2020-01-01 00:00+00'::timestamptz
  boolean t
'infinity'::date > '2020-01-01'::timestamp
  boolean t
interval '1 month' = interval '30 days'
  boolean t
interval '1 day' > interval '23:59:59'
  boolean t
'0/16'::pg_lsn < '0/17'
  boolean t
'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid = 'A0EEBC999C0B4EF8BB6D6BB9BD380A11'
  boolean t
'\x01'::bytea < '\x02'
  boolean t
(1, 2) = (1, 2)
  boolean t
(1, 2) < (1, 3)
  boolean t
(1, 2) >= (1, 3)
  boolean f
(1, null) < (2, 1)
  boolean t
(1, null) = (1, 2)
  boolean NULL
(1, 2) <> (1, null)
  boolean NULL
(1, 2) = (1, 2, 3)
  ERROR 42601 unequal number of entries in row expressions
1 = any(array[1, 2])
  boolean t
1 = any('{1,2}')
  boolean t
1 = any('{}')
  boolean f
1 = all('{1,1}')
  boolean t
1 = any(null::int[])
  boolean NULL
3 = any('{1,null}')
  boolean NULL
1 <> all('{2,3}')
  boolean t
'a' = any('{a,b}')
  boolean t
1 < any('{0,2}'::int[])
  boolean t
1.5 = any('{1.5}')
  boolean t
1 = any(5)
  ERROR 42809 op ANY/ALL (array) requires array on right side
'a'::varchar = any('{a}')
  boolean t
