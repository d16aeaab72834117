'a' || 'b'
  text ab
'a' || 1
  text a1
1 || 'a'
  text 1a
'a' || null
  text NULL
'a'::text || 1.50
  text a1.50
'a' || true
  text atrue
'x' || '2020-01-01'::date
  text x2020-01-01
1 || 2
  ERROR 42883 operator does not exist: integer || integer
  HINT No operator matches the given name and argument types. You might need to add explicit type casts.
length('héllo')
  integer 5
length('')
  integer 0
char_length('abc')
  integer 3
octet_length('héllo')
  integer 6
bit_length('abc')
  integer 24
lower('ÀBC')
  text àbc
upper('straße')
  text STRAßE
upper('éa')
  text ÉA
initcap('hello WORLD foo_bar 3rd')
  text Hello World Foo_Bar 3rd
reverse('héllo')
  text olléh
substr('hello', 2)
  text ello
substr('hello', 2, 3)
  text ell
substr('hello', 0, 3)
  text he
substr('hello', -5, 10)
  text hell
substr('hello', 10)
  text 
substr('hello', 2, -1)
  ERROR 22011 negative substring length not allowed
substr('hello', 2, 2147483647)
  text ello
substring('hello' from 2 for 2)
  text el
substring('hello' from 2)
  text ello
substring('hello' for 2)
  text he
substring('foobar' from 'o.b')
  text oob
substring('foobar' from 'o(.)b')
  text o
substring('foobar' from 'z')
  text NULL
trim('  x  ')
  text x
trim(both 'xy' from 'xyaxy')
  text a
trim(leading from '  x ')
  text x 
ltrim('xxa', 'x')
  text a
rtrim('axx', 'x')
  text a
btrim('xyax', 'xy')
  text a
btrim('a', '')
  text a
replace('hello', 'l', 'LL')
  text heLLLLo
replace('hello', '', 'x')
  text hello
translate('12345', '143', 'ax')
  text a2x5
translate('héé', 'é', 'e')
  text hee
overlay('Txxxxas' placing 'hom' from 2 for 4)
  text Thomas
overlay('abcdef' placing 'XX' from 3)
  text abXXef
overlay('abcdef' placing 'XX' from 0)
  ERROR 22011 negative substring length not allowed
position('l' in 'hello')
  integer 3
position('z' in 'hello')
  integer 0
position('' in 'hello')
  integer 1
strpos('héllo', 'l')
  integer 3
left('hello', 2)
  text he
left('hello', -2)
  text hel
left('hello', -10)
  text 
right('hello', 2)
  text lo
right('hello', -2)
  text llo
right('héllo', 4)
  text éllo
lpad('hi', 5)
  text    hi
lpad('hi', 5, 'xy')
  text xyxhi
lpad('hello', 2)
  text he
lpad('hi', -1)
  text 
lpad('hi', 5, '')
  text hi
rpad('hi', 5, 'xy')
  text hixyx
rpad('hi', 3)
  text hi 
repeat('ab', 3)
  text ababab
repeat('ab', -1)
  text 
split_part('a,b,c', ',', 2)
  text b
split_part('a,b,c', ',', -1)
  text c
split_part('a,b,c', ',', 4)
  text 
split_part('a,b,c', ',', -4)
  text 
split_part('a,b,c', ',', 0)
  ERROR 22023 field position must not be zero
split_part('a,b,c', '', 1)
  text a,b,c
split_part('', ',', 1)
  text 
concat('a', 1, null, true, 2.50)
  text a1t2.50
concat(null)
  text 
concat_ws(',', 'a', null, 'b', 1)
  text a,b,1
concat_ws(null, 'a')
  text NULL
concat_ws(',')
  ERROR 42883 function concat_ws(unknown) does not exist
  HINT No function matches the given name and argument types. You might need to add explicit type casts.
md5('hello')
  text 5d41402abc4b2a76b9719d911017c592
md5('hello'::bytea)
  text 5d41402abc4b2a76b9719d911017c592
sha256('hello')
  bytea \x2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824
encode(sha256('hello'), 'hex')
  text 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824
encode('\x0001ff', 'base64')
  text AAH/
encode('\x0001ff5c41', 'escape')
  text \000\377\\A
encode('\x00', 'foo')
  ERROR 22023 unrecognized encoding: "foo"
encode(repeat('a', 60)::bytea, 'base64')
  text YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh\nYWFh
decode('AAH/', 'base64')
  bytea \x0001ff
decode('AAH', 'base64')
  ERROR 22023 invalid base64 end sequence
  HINT Input data is missing padding, is truncated, or is otherwise corrupted.
decode('A!H/', 'base64')
  ERROR 22023 invalid symbol "!" found while decoding base64 sequence
decode('00ff', 'hex')
  bytea \x00ff
decode('0', 'hex')
  ERROR 22023 invalid hexadecimal data: odd number of digits
decode('zz', 'hex')
  ERROR 22023 invalid hexadecimal digit: "z"
decode('\\a\001', 'escape')
  bytea \x5c6101
to_hex(255)
  text ff
to_hex(-1)
  text ffffffff
to_hex(-1::int8)
  text ffffffffffffffff
ascii('x')
  integer 120
ascii('é')
  integer 233
ascii('')
  integer 0
chr(65)
  text A
chr(233)
  text é
chr(0)
  ERROR 54000 null character not permitted
chr(-1)
  ERROR 22023 character number must be positive
chr(2000000)
  ERROR 54000 requested character too large for encoding: 2000000
starts_with('hello', 'he')
  boolean t
'hello' ^@ 'lo'
  boolean f
quote_ident('a')
  text a
quote_ident('A b')
  text "A b"
quote_ident('select')
  text "select"
quote_ident('a"b')
  text "a""b"
quote_ident('1a')
  text "1a"
quote_literal('a''b')
  text 'a''b'
quote_literal(E'a\\b')
  text E'a\\b'
quote_literal(42)
  text '42'
quote_literal(null)
  text NULL
quote_nullable(null)
  text NULL
quote_nullable('x')
  text 'x'
format('hello')
  text hello
format('%s %I %L', 'a', 'B c', 'd''e')
  text a "B c" 'd''e'
format('%2$s %1$s', 'a', 'b')
  text b a
format('%s', null)
  text 
format('%L', null)
  text NULL
format('%I', null)
  ERROR 22004 null values cannot be formatted as an SQL identifier
format('%%')
  text %
format('[%5s]', 'a')
  text [    a]
format('[%-5s]', 'a')
  text [a    ]
format('[%*s]', 4, 'a')
  text [   a]
format('[%*2$s]', 'a', 4, 'b')
  text [   b]
format('[%-*s]', 4, 'a')
  text [a   ]
format('[%*s]', -4, 'a')
  text [a   ]
format('%s')
  ERROR 22023 too few arguments for format()
format('%z', 1)
  ERROR 22023 unrecognized format() type specifier "z"
  HINT For a single "%" use "%%".
format('%')
  ERROR 22023 unterminated format() type specifier
  HINT For a single "%" use "%%".
format('%0$s', 1)
  ERROR 22023 format specifies argument 0, but arguments are numbered from 1
format('%s %s', 1, true)
  text 1 t
format(null)
  text NULL
hashtext('abc')
  integer -785388649
hashtext('')
  integer -1477818771
hashtext('a longer string than twelve bytes')
  integer -1804765673
regexp_replace('foobarbaz', 'b..', 'X')
  text fooXbaz
regexp_replace('foobarbaz', 'b..', 'X', 'g')
  text fooXX
regexp_replace('foobarbaz', 'b(..)', 'X\1Y', 'g')
  text fooXarYXazY
regexp_replace('foo', 'O', '[\&]', 'gi')
  text f[o][o]
regexp_replace('A PostgreSQL function', 'a|e|i|o|u', 'X', 1, 0, 'i')
  text X PXstgrXSQL fXnctXXn
regexp_replace('A PostgreSQL function', 'a|e|i|o|u', 'X', 1, 3, 'i')
  text A PostgrXSQL function
regexp_replace('abc', 'b', 'x', 'q')
  text axc
regexp_replace('abc', 'b', 'x', 'y')
  ERROR 22023 invalid regular expression option: "y"
regexp_like('Hello World', 'world$', 'i')
  boolean t
regexp_count('123123', '\d{3}')
  integer 2
regexp_substr('foobar', 'o+')
  text oo
regexp_substr('foobarfoo', 'o(.)', 1, 2)
  text oo
regexp_match('foobarbequebaz', '(bar)(beque)')
  text[] {bar,beque}
regexp_match('abc', 'x')
  text[] NULL
string_to_array('a,b,c', ',')
  text[] {a,b,c}
regexp_split_to_array('hello world', '\s+')
  text[] {hello,world}
length('abc'::bytea)
  integer 3
'\x01'::bytea || '\x02'::bytea
  bytea \x0102
substr('\x010203'::bytea, 2)
  bytea \x0203
get_byte('\x0102'::bytea, 1)
  integer 2
get_byte('\x0102'::bytea, 2)
  ERROR 2202E index 2 out of valid range, 0..1
position('\x02'::bytea in '\x0102'::bytea)
  integer 2
convert_from('\x68c3a9', 'UTF8')
  text hé
lower(5)
  ERROR 42883 function lower(integer) does not exist
  HINT No function matches the given name and argument types. You might need to add explicit type casts.
length(5)
  ERROR 42883 function length(integer) does not exist
  HINT No function matches the given name and argument types. You might need to add explicit type casts.
foo(1)
  ERROR 42883 function foo(integer) does not exist
  HINT No function matches the given name and argument types. You might need to add explicit type casts.
nosuch('a', 2.5, null)
  ERROR 42883 function nosuch(unknown, numeric, unknown) does not exist
  HINT No function matches the given name and argument types. You might need to add explicit type casts.
