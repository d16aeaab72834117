-- The schema whose plans TestExplain compares. Sizes are such that both planners have one clear choice.
create table big (id int primary key, k int not null, a int, b text, d date);
insert into big select i, i % 1000, i % 10, 'v' || i % 5000, date '2020-01-01' + i % 1000 from generate_series(1, 20000) i;
create index big_k on big (k, a);
create table small (id int primary key, name text, big int);
insert into small select i, 'n' || i, i * 100 from generate_series(1, 50) i;
create table pair (x int, y int, note varchar(10), primary key (x, y));
insert into pair select i % 100, i, 'p' || i from generate_series(1, 2000) i;
create table "Odd Table" ("Odd" int, "select" text, c char(3), t timestamptz, n numeric(8,2), f float8, g boolean);
insert into "Odd Table" select i, 's' || i, 'c' || i % 9, '2020-01-01 00:00:00+00'::timestamptz, i, i, i % 2 = 0 from generate_series(1, 100) i;
vacuum analyze;
