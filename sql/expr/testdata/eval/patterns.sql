'abc' like 'abc'
  boolean t
'abc' like 'a%'
  boolean t
'abc' like '%c'
  boolean t
'abc' like '%b%'
  boolean t
'abc' like '_b_'
  boolean t
'abc' like 'b%'
  boolean f
'abc' like '%'
  boolean t
'' like '%'
  boolean t
'' like ''
  boolean t
'abc' like ''
  boolean f
'abc' like 'a_'
  boolean f
'abc' like 'a%c'
  boolean t
'ac' like 'a%c'
  boolean t
'aXbXc' like 'a%b%c'
  boolean t
'abcabc' like '%abc'
  boolean t
'aaa' like '%aa'
  boolean t
'ab' like '%_b'
  boolean t
'a%c' like 'a\%c'
  boolean t
'abc' like 'a\%c'
  boolean f
'abc' like 'abc\'
  boolean f
'a_c' like 'a!_c' escape '!'
  boolean t
'a!c' like 'a!!c' escape '!'
  boolean t
'a\c' like 'a\c' escape ''
  boolean t
'abc' like 'abc' escape 'xx'
  ERROR 22025 invalid escape string
  HINT Escape string must be empty or one character.
'ABC' ilike 'abc'
  boolean t
'ABC' like 'abc'
  boolean f
'ÀB' ilike 'àb'
  boolean t
'abc' not like 'a%'
  boolean f
'abc' not ilike 'A%'
  boolean f
'héllo' like 'h_llo'
  boolean t
'héllo' like '%é%'
  boolean t
null like 'a'
  boolean NULL
'a' like null
  boolean NULL
'foobar' like '%o_b%'
  boolean t
'mississippi' like '%iss%ppi'
  boolean t
'mississippi' like '%iss%iss%'
  boolean t
'mississippi' like 'm%i_s%p_'
  boolean t
'abc' ~ 'b'
  boolean t
'abc' ~ '^b'
  boolean f
'abc' ~ '^a.c$'
  boolean t
'ABC' ~* 'b'
  boolean t
'abc' !~ 'b'
  boolean f
'ABC' !~* 'x'
  boolean t
'abc' ~ '('
  ERROR 2201B invalid regular expression: parentheses () not balanced
'abc' ~ '[a'
  ERROR 2201B invalid regular expression: brackets [] not balanced
'abc' ~ '*a'
  ERROR 2201B invalid regular expression: quantifier operand invalid
'a+b' ~ 'a\+b'
  boolean t
'foo bar' ~ '\mbar\M'
  boolean t
'foobar' ~ '\mbar'
  boolean f
'foo1' ~ '\d'
  boolean t
'a' ~ '[[:alpha:]]'
  boolean t
'1' ~ '[[:alpha:]]'
  boolean f
'a]b' ~ '[]]'
  boolean t
'tab	x' ~ '\t'
  boolean t
'abc' ~ 'a{2}'
  boolean f
'aab' ~ 'a{2}'
  boolean t
'abc' ~ '(?i)ABC'
  boolean t
'abc' similar to 'abc'
  boolean t
'abc' similar to 'a'
  boolean f
'abc' similar to '%(b|d)%'
  boolean t
'abc' similar to '(b|c)%'
  boolean f
'a.c' similar to 'a.c'
  boolean t
'abc' similar to 'a.c'
  boolean f
'a%c' similar to 'a\%c'
  boolean t
'abc' similar to 'a_c'
  boolean t
'abc' similar to '[a-c]+'
  boolean t
'a%b' similar to 'a#%b' escape '#'
  boolean t
'abc' not similar to 'a%'
  boolean f
