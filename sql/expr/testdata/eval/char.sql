-- char(n) keeps its blanks for output and bytes, and for nothing else
'ab'::char(4)
  bpchar ab  
'ab'::char(4) || '|'
  text ab|
'ab'::char(4)::text || '|'
  text ab|
'abcdef'::char(3)
  bpchar abc
'abc   '::char(3)
  bpchar abc
'x'::char
  bpchar x
'ab  '::bpchar
  bpchar ab  
length('ab'::char(4))
  integer 2
octet_length('ab'::char(4))
  integer 4
char_length('ä '::char(4))
  integer 1
octet_length('ä '::char(4))
  integer 5
'ab'::char(4) = 'ab'::char(10)
  boolean t
'ab'::char(4) = 'ab  '
  boolean t
'ab'::char(4) = 'ab  '::text
  boolean f
'ab'::char(4) < 'ab!'::char(4)
  boolean t
'ab'::char(4) like 'ab'
  boolean f
'ab'::char(4) like 'ab  '
  boolean t
'ab'::char(4) ~ '^ab  $'
  boolean t
'ab'::char(4) ~* 'AB'
  boolean t
'ab'::char(4) in ('ab', 'cd')
  boolean t
coalesce('a'::char(3), 'b') || '|'
  text a|
upper('ab'::char(4)) || '|'
  text AB|
5::char(3)
  bpchar 5  
123456::char(3)
  bpchar 123
true::char(5)
  bpchar true 
'ab'::char(4)::varchar(1)
  character varying a
'ab'::name::char(5)
  bpchar ab   
'abc'::char(3)::"char"
  "char" a
'a'::char(0)
  ERROR 22023 length for type char must be at least 1
'a'::char(99999999)
  ERROR 22023 length for type char cannot exceed 10485760
array['a', 'bcd']::char(2)[]
  bpchar[] {"a ",bc}
'{ab,cde}'::char(4)[]
  bpchar[] {"ab  ","cde "}
'{ab,cdefgh}'::varchar(3)[]
  character varying[] {ab,cde}
pg_typeof('a'::char(3))
  regtype character
format_type(1042, 9)
  text character(5)
format_type(1042, null)
  text character
format_type(1042, -1)
  text bpchar
format_type(1014, 9)
  text character(5)[]
'x'::char(3) is distinct from 'x '::char(2)
  boolean f
greatest('a'::char(3), 'b')
  bpchar b
