import type { Case } from './case.js';

const block = (declared: string, body: string): string => `do $$ declare ${declared} begin ${body}; end $$`;
const [SOME, ALL, CODE] = ['do write', 'do write unbounded', 'do unknown code'];
const ABOVE = 'delete from plain where id >= x';
const EQUAL = 'delete from plain where id = x';

/** What the variables of a body hold decides which rows it changes. */
export const bodies: readonly Case[] = [
  [block('x int := 100;', ABOVE), SOME],
  [block('x int := 0;', ABOVE), ALL],
  [block('x constant int := 1 - 1;', ABOVE), ALL],
  [block('x int; y int := 0;', `x := y; ${ABOVE}`), ALL],
  [block('x int := 100;', `x := 0; ${ABOVE}`), ALL],
  [block('x int := 100;', `x := x - 50; ${ABOVE}`), SOME],
  [block('x int := 100;', `x := x - 50; x := x - 50; ${ABOVE}`), ALL],
  [block('x int; y alias for x;', `y := 0; ${ABOVE}`), ALL],
  [block('x int;', `select 0 into x; ${ABOVE}`), ALL],
  [block('x int;', `select 0 into x from plain where id = 1; ${ABOVE}`), ALL],
  [block('x int;', `select v into x from (values (0)) t(v); ${ABOVE}`), ALL],
  [block('x int;', `execute 'select $1' into x using 0; ${ABOVE}`), ALL],
  [block('x int;', `get diagnostics x = row_count; ${ABOVE}`), ALL],
  [block('x int;', EQUAL), SOME],
  [block('x int;', `select id into x from plain where t = 'a'; ${EQUAL}`), SOME],
  [block('x int;', `for x in select id from plain loop ${EQUAL}; end loop`), ALL],
  [block('x int;', `for x in select id from plain where t = 'a' loop ${EQUAL}; end loop`), SOME],
  [block('x int; r record;', `for r in select id from plain loop x := r.id; ${EQUAL}; end loop`), ALL],
  [block('x int; r record;', `for r in select id from plain where n = 1 loop x := r.id; ${EQUAL}; end loop`), SOME],
  [block('x int := 0;', `while x < 9 loop x := x + 1; ${EQUAL}; end loop`), ALL],
  [block('x int;', `foreach x in array array[5, 6] loop ${ABOVE}; end loop`), SOME],
  [block('x int;', `foreach x in array array[5, 0] loop ${ABOVE}; end loop`), ALL],
  [block('r plain%rowtype;', `r.t := '%'; delete from plain where t like r.t`), ALL],
  [block('r plain%rowtype;', `r.t := 'a%'; delete from plain where t like r.t`), SOME],
  [block('a int[] := array[0, 50];', 'delete from plain where id >= a[1]'), ALL],
  [block('a int[] := array[0, 50];', 'delete from plain where id >= a[2]'), SOME],
  [block('x text;', 'delete from plain where x is null or t = x'), ALL],
  [block('', "execute 'delete from plain where id >= $1' using 0"), ALL],
  [block('', "execute 'delete from plain where id >= $1' using 50"), SOME],
  [block('x int := 0;', "execute 'delete from plain where id >= $1' using x"), ALL],
  [block('x int := 0;', `execute 'delete' || ' from plain'`), CODE],
  ['do $$ #variable_conflict use_variable\ndeclare n int := 5; begin delete from plain where n = 5; end $$', ALL],
];
