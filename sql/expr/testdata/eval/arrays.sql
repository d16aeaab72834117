-- subscripts and slices
(array[10, 20, 30])[2]
  integer 20
(array[10, 20, 30])[0]
  integer NULL
(array[10, 20, 30])[null]
  integer NULL
('{a,b}'::text[])[1]
  text a
('5 6 7'::int2vector)[0]
  smallint 5
('5 6 7'::int2vector)[2]
  smallint 7
(array[1, 2, 3, 4])[2:3]
  integer[] {2,3}
(array[1, 2, 3, 4])[:2]
  integer[] {1,2}
(array[1, 2, 3, 4])[3:]
  integer[] {3,4}
(array[1, 2, 3, 4])[3:9]
  integer[] {3,4}
(array[1, 2, 3, 4])[5:9]
  integer[] {}
(array[1, 2])['1']
  integer 1
(5)[1]
  ERROR 42804 cannot subscript type integer because it does not support subscripting
(array[1])[true]
  ERROR 42804 array subscript must have type integer
-- casts
array[1, 2]::text[]
  text[] {1,2}
array['1', '2']::int[]
  integer[] {1,2}
array['1', 'x']::int[]
  ERROR 22P02 invalid input syntax for type integer: "x"
'{1,2}'::text[]::int8[]
  bigint[] {1,2}
array[1.5, 2.5]::int[]
  integer[] {2,3}
array[1, null]::numeric[]
  numeric[] {1,NULL}
array_to_string('1 2 3'::int2vector::int2[], '-')
  text 1-2-3
array[1, 2]::text
  text {1,2}
array[1, 2]::int
  ERROR 42846 cannot cast type integer[] to integer
-- functions
array_position(array['a', 'b', null, 'b'], 'b')
  integer 2
array_position(array['a', 'b', null, 'b'], 'b', 3)
  integer 4
array_position(array['a', 'b', null, 'b'], null)
  integer 3
array_position(array['a'], 'z')
  integer NULL
array_position('{public}'::name[], 'public'::name)
  integer 1
array_positions(array[1, 2, 1], 1)
  integer[] {1,3}
array_append(array[1, 2], 3)
  integer[] {1,2,3}
array_append(null::int[], 3)
  integer[] {3}
array_prepend(0, array[1, 2])
  integer[] {0,1,2}
array_cat(array[1], array[2, 3])
  integer[] {1,2,3}
array_remove(array[1, 2, 1, null], 1)
  integer[] {2,NULL}
array_remove(array[1, 2, 1, null], null)
  integer[] {1,2,1}
array_replace(array[1, 2, 1], 1, 9)
  integer[] {9,2,9}
array_dims(array[1, 2, 3])
  text [1:3]
array_ndims(array[1, 2, 3])
  integer 1
array_ndims('{}'::int[])
  integer NULL
array_length('{}'::int[], 1)
  integer NULL
array_upper('1 2'::int2vector, 1)
  integer 1
array_lower('1 2'::int2vector, 1)
  integer 0
array_to_string('{a,NULL,b}'::text[], ',', '*')
  text a,*,b
array_to_string('1 2'::int2vector, ',')
  text 1,2
cardinality('{}'::text[])
  integer 0
-- operators
array[1, 2] || 3
  integer[] {1,2,3}
array[1, 2] || array[3]
  integer[] {1,2,3}
0 || array[1, 2]
  integer[] {0,1,2}
array[1, 2] || '{3}'
  integer[] {1,2,3}
array['a'] || 'b'::text
  text[] {a,b}
array[1, 2] || null
  integer[] {1,2}
array[1, 2]::int8[] || 3
  bigint[] {1,2,3}
'a' || 5
  text a5
array[1, 2] = array[1, 2]
  boolean t
array[1, 2] < array[1, 3]
  boolean t
array[1, 2] < array[1, 2, 0]
  boolean t
array[1, 2] = '{1,2}'
  boolean t
array[1, 2, 3] @> array[2]
  boolean t
array[1, 2, 3] @> '{}'
  boolean t
array[2] <@ array[1, 2]
  boolean t
array[1, null] @> array[null]::int[]
  boolean f
array[1, 2] && array[2, 3]
  boolean t
array[1, 2] && array[3]
  boolean f
-- any, all
2 = any (array[1, 2])
  boolean t
2 = any ('{1,2}'::int[])
  boolean t
2 <> all ('{1,null}'::int[])
  boolean NULL
3 = any ('1 2 3'::int2vector)
  boolean t
'b' = any ('{a,b}')
  boolean t
'x' like any (array['a%', 'x%'])
  boolean t
-- sets
unnest(array[1, null, 3])
  integer 1
  integer NULL
  integer 3
unnest('7 8'::int2vector)
  smallint 7
  smallint 8
generate_subscripts(array['a', 'b'], 1)
  integer 1
  integer 2
generate_subscripts('7 8'::int2vector, 1)
  integer 0
  integer 1
generate_subscripts(array['a', 'b'], 1, true)
  integer 2
  integer 1
generate_subscripts(array['a', 'b'], 2)
  no rows
regexp_split_to_table('a1b22c', '\d+')
  text a
  text b
  text c
regexp_matches('foobarbequebaz', 'ba.', 'g')
  text[] {bar}
  text[] {baz}
regexp_matches('foobarbequebaz', '(b[^b]+)(b[^b]+)')
  text[] {bar,beque}
string_to_table('a,b,', ',')
  text a
  text b
  text 
-- input
'{1,x}'::int[]
  ERROR 22P02 invalid input syntax for type integer: "x"
'{1,2'::int[]
  ERROR 22P02 malformed array literal: "{1,2"
  DETAIL Unexpected end of input.
'{1,,2}'::int[]
  ERROR 22P02 malformed array literal: "{1,,2}"
  DETAIL Unexpected "," character.
'1,2'::int[]
  ERROR 22P02 malformed array literal: "1,2"
  DETAIL Array value must start with "{" or dimension information.
'{"a,b",c\"d}'::text[]
  text[] {"a,b","c\"d"}
'{ a b , "" }'::text[]
  text[] {"a b",""}
'{1}'::int[] || '{2}'::int[]
  integer[] {1,2}
'{1,2}{3}'::int[]
  ERROR 22P02 malformed array literal: "{1,2}{3}"
  DETAIL Junk after closing right brace.
'{99999999999}'::int[]
  ERROR 22003 value "99999999999" is out of range for type integer
'1 x'::int2vector
  ERROR 22P02 invalid input syntax for type smallint: "x"
