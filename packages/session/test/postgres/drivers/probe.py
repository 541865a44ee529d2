"""psycopg 3: text and binary, server-side cursors, pipelines, COPY, notifications, errors, cancel, two-phase commit."""
import logging, sys, threading, datetime, decimal, uuid, ipaddress
import psycopg
from psycopg.types.json import Jsonb
from psycopg.types.range import Range

# What it warns of hangs on how fast replies come.
logging.disable()
port, sslmode, *shop = sys.argv[1:]
dsn = f"host=127.0.0.1 port={port} user=postgres dbname=shop sslmode={sslmode} application_name=probe"


def failing(name, what):
    try:
        print(name, what())
    except psycopg.Error as error:
        print(name, type(error).__name__, error.sqlstate, str(error), error.diag.message_detail, error.diag.constraint_name)


def values():
    return [1, -2**63, 1.5, decimal.Decimal("123.4500"), "é€😀", "", b"\x00\xff", None, True, [1, None, 3], ["a", None],
            datetime.date(2026, 11, 22), datetime.datetime(2026, 11, 22, 1, 2, 3, tzinfo=datetime.timezone.utc),
            datetime.timedelta(days=1, seconds=2), datetime.time(1, 2, 3), uuid.UUID(int=7),
            ipaddress.ip_address("10.0.0.1"), Jsonb({"a": [1, None]}), Range(1, 5), Range(empty=True)]


with psycopg.connect(dsn, autocommit=True) as c:
    notices = []
    c.add_notice_handler(lambda d: notices.append((d.severity, d.message_primary)))
    print(c.info.server_version, c.info.parameter_status("TimeZone"), c.info.encoding)
    for binary in (False, True):
        for value in values():
            cur = c.execute("select %s as v", [value], binary=binary) if binary else c.execute("select %s as v", [value])
            print(binary, cur.description[0].type_code, repr(cur.fetchone()[0]))
            if value is not None:
                print(repr(c.execute("select %b as v", [value], binary=binary).fetchone()[0]))
    for n in range(12):
        print(c.execute("select %s::int + 1", [n], prepare=True).fetchone())
    for table in ("items", "parts", "cheap"):
        cur = c.execute(f"select * from {table} order by 1", binary=False)
        print([d.name for d in cur.description], len(cur.fetchall()), cur.statusmessage)
    with c.transaction():
        with c.cursor(name="named", scrollable=True) as cur:
            cur.itersize = 9
            cur.execute("select id, name from items order by id")
            print(cur.fetchone(), cur.fetchmany(4))
            cur.scroll(50)
            print(cur.fetchone(), len(cur.fetchall()))
    with c.pipeline():
        results = [c.execute("select %s::int * 2", [n]) for n in range(300)]
    print(sum(r.fetchone()[0] for r in results))
    try:
        with c.pipeline() as p:
            c.execute("create temp table piped (n int)")
            c.execute("insert into piped values (1)")
            p.sync()
            c.execute("insert into piped values (2)")
            c.execute("select 1/0")
            c.execute("insert into piped values (3)")
    except psycopg.Error as error:
        print(type(error).__name__, error.sqlstate)
    print(c.execute("select array_agg(n) from piped").fetchone())
    cur = c.cursor()
    cur.executemany("insert into piped values (%s) returning n", [(n,) for n in range(50)], returning=True)
    print(cur.rowcount)
    cur.execute("create temp table copied (n int, t text, d date)")
    with cur.copy("copy copied from stdin") as copy:
        for n in range(5000):
            copy.write_row((n, f"tab\t{n}", datetime.date(2026, 1, 1)))
    print(cur.rowcount)
    with cur.copy("copy copied to stdout (format binary)") as copy:
        print(sum(len(data) for data in copy))
    try:
        with cur.copy("copy copied from stdin") as copy:
            copy.write("1\tx\n")
            raise RuntimeError("enough")
    except Exception as error:
        print(type(error).__name__, error)
    def wrong():
        with cur.copy("copy copied from stdin") as copy:
            copy.write_row(("x",))
    failing("copy", wrong)
with psycopg.connect(dsn, autocommit=True) as c:
    for text in ["selec", "select 1/0", "select * from nowhere", "insert into items (id) values (1)", "insert into parts values (9999,1)",
                 "select fail('x', 'P0042')", "select 'x'::int", "set no_such = 1", "select complain('loud')"]:
        failing(text, lambda: c.execute(text).fetchone())
    c.add_notify_handler(lambda n: print(n.channel, n.payload))
    c.execute("listen news")
    c.execute("notify news, 'hello'")
    c.execute("select 1")
    timer = threading.Timer(0.3, c.cancel)
    timer.start()
    failing("cancel", lambda: c.execute("select pg_sleep(30)"))
    print(c.execute("select 'alive'").fetchone())
    with c.transaction() as outer:
        c.execute("create temp table nested (n int)")
        failing("nested", lambda: [c.transaction().__enter__(), c.execute("select 1/0")])
    print(c.info.transaction_status.name)
with psycopg.connect(dsn) as c:
    failing("prepared transaction", lambda: [c.tpc_begin(c.xid(1, "g", "b")), c.execute("select 1"), c.tpc_prepare()])
    c.close()
if shop:
    with psycopg.connect(dsn, autocommit=True) as c:
        for binary in (False, True):
            for n in range(1, 8):
                print(c.execute("select id, name, email, ssn, card from customers where id = %s", [n], binary=binary, prepare=True).fetchall())
        with c.transaction(), c.cursor(name="grid") as cur:
            cur.itersize = 2
            cur.execute("select * from customers order by id")
            print([d.name for d in cur.description], cur.fetchall())
        with c.cursor().copy("copy customers (id, email, ssn) to stdout") as copy:
            print(list(copy.rows()))
        with c.pipeline():
            print([r.fetchone() for r in [c.execute("select upper(ssn), id from customers where id = %s", [n]) for n in (1, 2, 3)]])
