/**
 * A believable shop, the same on every machine: 10,000 customers, 120 products, about 30,000 orders. Values are drawn by
 * hashing the row's number, so that nothing depends on the server's version or on the order of evaluation.
 */
export const CUSTOMERS = 10_000;

const GIVEN =
  'Ada,Amara,Anna,Arjun,Ben,Bianca,Carlos,Chen,Chloe,Daniel,Elena,Emil,Farah,Felix,Grace,Hana,Hugo,Ines,Ivan,Jonas,Julia,Kofi,Lea,Liam,Lina,Luca,Mai,Marta,Milan,Nadia,Noah,Nora,Omar,Paul,Priya,Rosa,Sami,Sofia,Tom,Yuki';
const FAMILY =
  'Abbott,Ahmed,Bauer,Becker,Costa,Diaz,Dubois,Evans,Fischer,Garcia,Haas,Hansen,Ito,Jensen,Khan,Kim,Klein,Kowalski,Lang,Lopez,Mensah,Moreau,Moretti,Nguyen,Novak,Okafor,Olsen,Patel,Petrov,Rossi,Santos,Sato,Schmidt,Silva,Smith,Tanaka,Tran,Weber,Wong,Yilmaz';
const CITIES =
  'Accra,Berlin,Boston,Chicago,Denver,Dublin,Lisbon,London,Lyon,Madrid,Milan,Mumbai,Osaka,Oslo,Porto,Seoul';
const THINGS = 'Lamp,Desk,Chair,Kettle,Backpack,Notebook,Headphones,Mug,Jacket,Bicycle';
const KINDS = 'Small,Large,Red,Blue,Oak,Steel,Wool,Travel,Classic,Pro,Mini,Eco';

/** Row `i`'s draw number `salt`, from 0 to below `n`: 31 bits of MD5. */
const draw = (salt: string, n: number | string) =>
  `((('x' || substr(md5('${salt}' || i), 1, 8))::bit(32)::bigint % 2147483647) % ${n})::int`;
const pick = (list: string, salt: string) =>
  `(string_to_array('${list}', ','))[1 + ${draw(salt, list.split(',').length)}]`;

export const SHOP_SQL = `
create function luhn(digits text) returns int language sql immutable as $$
  select (10 - sum(case when n % 2 = 1 then d * 2 - case when d > 4 then 9 else 0 end else d end)::int % 10) % 10
  from (select i as n, substr(reverse(digits), i, 1)::int as d from generate_series(1, length(digits)) i) digit $$;

create table customers (
  id int primary key, name text not null, email text not null unique, ssn text not null, card text not null,
  city text not null, created timestamptz not null);
insert into customers
select i, given || ' ' || family, lower(given || '.' || family) || i || '@example.com',
  lpad((100 + ${draw('s1', 799)})::text, 3, '0') || '-' || lpad((1 + ${draw('s2', 99)})::text, 2, '0') || '-' ||
    lpad((1 + ${draw('s3', 9999)})::text, 4, '0'),
  number || luhn(number), city, timestamptz '2022-01-01 00:00Z' + ${draw('t', 1400)} * interval '1 day' + ${draw('u', 86400)} * interval '1 second'
from (
  select i, ${pick(GIVEN, 'g')} as given, ${pick(FAMILY, 'f')} as family, ${pick(CITIES, 'c')} as city,
    '4' || lpad(${draw('n1', 9999999)}::text, 7, '0') || lpad(${draw('n2', 9999999)}::text, 7, '0') as number
  from generate_series(1, ${CUSTOMERS}) i) drawn;

create table products (id int primary key, name text not null, price numeric(8,2) not null);
insert into products
select i, (string_to_array('${KINDS}', ','))[1 + (i - 1) / 10] || ' ' || (string_to_array('${THINGS}', ','))[1 + (i - 1) % 10],
  (500 + ${draw('p', 24500)}) / 100.0
from generate_series(1, 120) i;

create table orders (
  id int primary key, customer_id int not null references customers, product_id int not null references products,
  quantity int not null, ordered timestamptz not null, status text not null);
insert into orders
select i, 1 + ${draw('oc', CUSTOMERS)}, 1 + ${draw('op', 120)}, 1 + ${draw('oq', 4)},
  timestamptz '2024-01-01 00:00Z' + ${draw('ot', 950)} * interval '1 day' + ${draw('ou', 86400)} * interval '1 second',
  ${pick('paid,paid,paid,sent,sent,returned', 'os')}
from generate_series(1, 30000) i;
create index on orders (customer_id);
analyze;
`;

/** What the gateway's database role may do: the shop's daily work, no more. */
export const GRANTS_SQL = (role: string) => `
grant connect, temporary on database shop to ${role};
grant usage, create on schema public to ${role};
grant select, insert, update, delete on all tables in schema public to ${role};
`;

/** What an operator does once, so that each session can have a database role of its own that acts as the support team's. */
export const MINTING_SQL = (minter: string, team: string): string[] => [
  `create role ${minter} login createrole`,
  `create role ${team} nologin`,
  `grant ${team} to ${minter} with admin option`,
];
