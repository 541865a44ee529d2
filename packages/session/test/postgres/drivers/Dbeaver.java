import java.io.*;
import java.sql.*;
import java.util.*;

/** What DBeaver does: its start-up queries, the metadata it reads, a grid that is paged and edited, batches, COPY. */
class Dbeaver {
  static final PrintStream out = new PrintStream(System.out, true, java.nio.charset.StandardCharsets.UTF_8);

  public static void main(String[] a) throws Exception {
    for (String mode : new String[] {"extended", "simple"}) {
      var p = new Properties();
      p.put("user", "postgres");
      p.put("ApplicationName", "DBeaver 24.0.0 - Main <shop>");
      p.put("preferQueryMode", mode);
      p.put("prepareThreshold", "2");
      p.put("sslmode", a[1]);
      try (var c = DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + a[0] + "/shop", p)) {
        out.println("== " + mode);
        startUp(c);
        metadata(c);
        grid(c, !mode.equals("simple"));
        batches(c);
        errors(c);
        if (!mode.equals("simple")) largeObject(c);
        copy(c);
        // Its types would be seen by whoever looks while the server still clears up behind this session.
        run(c, "drop table t, copied");
        if (a.length > 2) customers(c, !mode.equals("simple"));
      }
    }
  }

  static void startUp(Connection c) throws Exception {
    for (String sql : new String[] {
      "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
      "SELECT current_database()",
      "SELECT current_schema(),session_user",
      "SELECT n.oid,n.*,d.description FROM pg_catalog.pg_namespace n LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=n.oid AND d.objsubid=0 AND d.classoid='pg_namespace'::regclass WHERE nspname NOT LIKE 'pg_t%' ORDER BY nspname",
      "SHOW search_path",
      "SELECT db.oid,db.datname,db.datallowconn FROM pg_catalog.pg_database db WHERE datname='shop'",
      "select * from pg_catalog.pg_settings where name='standard_conforming_strings'",
      "select string_agg(word, ',' ) from pg_catalog.pg_get_keywords() where word <> ALL ( '{a,abs}'::text[] )",
      "SELECT version() LIKE 'PostgreSQL%'",
      "SELECT * FROM pg_catalog.pg_enum WHERE 1<>1 LIMIT 1",
      "SELECT reltype FROM pg_catalog.pg_class WHERE 1<>1 LIMIT 1",
      "SELECT t.oid,t.*,c.relkind,format_type(nullif(t.typbasetype, 0), t.typtypmod) as base_type_name, d.description FROM pg_catalog.pg_type t LEFT OUTER JOIN pg_catalog.pg_class c ON c.oid=t.typrelid LEFT OUTER JOIN pg_catalog.pg_description d ON t.oid=d.objoid WHERE t.typname IS NOT NULL AND (c.relkind IS NULL OR c.relkind = 'c') ORDER BY t.oid",
      "SELECT c.relname,a.*,pg_catalog.pg_get_expr(ad.adbin, ad.adrelid, true) as def_value,dsc.description,dep.objid FROM pg_catalog.pg_attribute a INNER JOIN pg_catalog.pg_class c ON (a.attrelid=c.oid) LEFT OUTER JOIN pg_catalog.pg_attrdef ad ON (a.attrelid=ad.adrelid AND a.attnum = ad.adnum) LEFT OUTER JOIN pg_catalog.pg_description dsc ON (c.oid=dsc.objoid AND a.attnum = dsc.objsubid) LEFT OUTER JOIN pg_depend dep on dep.refobjid = a.attrelid AND dep.deptype = 'i' and dep.refobjsubid = a.attnum and dep.classid = dep.refclassid WHERE NOT a.attisdropped AND c.relname='items' ORDER BY a.attnum",
    }) run(c, sql);
  }

  static void metadata(Connection c) throws Exception {
    var m = c.getMetaData();
    out.println(m.getDatabaseProductVersion() + " " + m.getDriverVersion());
    try (var r = m.getTables(null, "public", "%", new String[] {"TABLE", "VIEW"})) { show(r); }
    try (var r = m.getColumns(null, "public", "%", "%")) { show(r); }
    try (var r = m.getPrimaryKeys(null, "public", "items")) { show(r); }
    try (var r = m.getIndexInfo(null, "public", "items", false, false)) { show(r); }
    try (var r = m.getImportedKeys(null, "public", "parts")) { show(r); }
    try (var r = m.getTypeInfo()) { show(r); }
  }

  /** Paged by a cursor, in a transaction, with each row read as what it is; then a cell is edited. */
  static void grid(Connection c, boolean bound) throws Exception {
    c.setAutoCommit(false);
    try (var s = c.createStatement(ResultSet.TYPE_FORWARD_ONLY, ResultSet.CONCUR_READ_ONLY)) {
      s.setFetchSize(7);
      try (var r = s.executeQuery("select * from items order by id")) { show(r); }
    }
    var before = c.setSavepoint("edited");
    try (var s = c.createStatement(ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_UPDATABLE);
        var r = s.executeQuery("select id, name, price from items order by id limit 3")) {
      r.next();
      r.updateString(2, "edited");
      r.updateRow();
      r.absolute(3);
      r.updateNull(3);
      r.updateRow();
    }
    run(c, "select id, name, price from items order by id limit 3");
    c.rollback(before);
    c.commit();
    c.setAutoCommit(true);
    for (int n = 0; bound && n < 5; n++) {
      try (var s = c.prepareStatement("select ?::int, ?::text, ?::numeric, ?::timestamp, ?::bytea, ?::bool, ?::float8, ?::int[]")) {
        s.setInt(1, n);
        s.setString(2, n == 3 ? null : "é" + n);
        s.setBigDecimal(3, new java.math.BigDecimal("12345678901234567890.0" + n));
        s.setTimestamp(4, Timestamp.valueOf("2026-11-22 01:02:03.00" + n));
        s.setBytes(5, new byte[] {0, (byte) 255, (byte) n});
        s.setBoolean(6, n % 2 == 0);
        s.setDouble(7, n / 3.0);
        s.setArray(8, c.createArrayOf("int4", new Object[] {n, null, -n}));
        try (var r = s.executeQuery()) { show(r); }
      }
    }
  }

  static void batches(Connection c) throws Exception {
    run(c, "create temp table t (id serial, n int check (n < 900), s text)");
    try (var s = c.prepareStatement("insert into t (n, s) values (?, ?)", Statement.RETURN_GENERATED_KEYS)) {
      for (int n = 0; n < 700; n++) { s.setInt(1, n); s.setString(2, "row " + n); s.addBatch(); }
      out.println(Arrays.stream(s.executeBatch()).sum());
      try (var r = s.getGeneratedKeys()) { int last = 0; while (r.next()) last = r.getInt(1); out.println(last); }
      for (int n = 0; n < 300; n++) { s.setInt(1, n * 5); s.setString(2, "x"); s.addBatch(); }
      try { s.executeBatch(); } catch (BatchUpdateException e) { out.println(e.getMessage() + " " + e.getSQLState() + " " + e.getUpdateCounts().length); }
    }
    try (var s = c.createStatement()) {
      s.addBatch("update t set n = 1 where n < 10");
      s.addBatch("delete from t where n = 1");
      s.addBatch("select 1/0");
      try { s.executeBatch(); } catch (BatchUpdateException e) { out.println(e.getMessage() + " " + e.getSQLState()); }
    }
    run(c, "select count(*), sum(n) from t");
    try (var s = c.createStatement()) {
      boolean rows = s.execute("select 1; update t set n = 2 where n > 0; select 3");
      do { if (rows) show(s.getResultSet()); else out.println(s.getUpdateCount()); rows = s.getMoreResults(); } while (rows || s.getUpdateCount() != -1);
    }
  }

  static void errors(Connection c) throws Exception {
    for (String sql : new String[] {"select * from nowhere", "select 1/0", "insert into items (id) values (1)", "insert into parts values (9999, 1)", "select fail('x', 'P0042')", "do $$ begin raise warning 'careful'; end $$"}) run(c, sql);
    c.setAutoCommit(false);
    run(c, "select 1/0");
    run(c, "select 1");
    c.rollback();
    c.setAutoCommit(true);
    try (var s = c.createStatement()) {
      s.setQueryTimeout(1);
      s.execute("select pg_sleep(30)");
    } catch (SQLException e) { out.println(e.getMessage()); }
    run(c, "select 'alive'");
  }

  static void largeObject(Connection c) throws Exception {
    c.setAutoCommit(false);
    var api = c.unwrap(org.postgresql.PGConnection.class).getLargeObjectAPI();
    long oid = api.createLO();
    try (var lo = api.open(oid)) { lo.write(new byte[100_000]); lo.seek(10); lo.write(new byte[] {1, 2, 3}); lo.seek(9); out.println(Arrays.toString(lo.read(5)) + lo.size()); }
    api.delete(oid);
    c.commit();
    c.setAutoCommit(true);
  }

  static void copy(Connection c) throws Exception {
    var api = c.unwrap(org.postgresql.PGConnection.class).getCopyAPI();
    run(c, "create temp table copied (n int, s text)");
    var rows = new StringBuilder();
    for (int n = 0; n < 20_000; n++) rows.append(n).append("\tä ").append(n).append('\n');
    out.println(api.copyIn("copy copied from stdin", new StringReader(rows.toString())));
    var back = new StringWriter();
    out.println(api.copyOut("copy copied to stdout", back) + " " + back.toString().contentEquals(rows));
    try { api.copyIn("copy copied from stdin", new StringReader("x\n")); } catch (SQLException e) { out.println(e.getMessage()); }
  }

  /** The grid of a table with columns that not everybody sees, and its metadata. */
  static void customers(Connection c, boolean bound) throws Exception {
    try (var r = c.getMetaData().getColumns(null, "public", "customers", "%")) { show(r); }
    c.setAutoCommit(false);
    try (var s = c.createStatement()) {
      s.setFetchSize(2);
      try (var r = s.executeQuery("select * from public.customers order by id")) { show(r); }
    }
    c.commit();
    c.setAutoCommit(true);
    for (int n = 1; n < 5; n++) {
      try (var s = c.prepareStatement("select c.*, o.total, lower(c.email) as l from customers c join orders o on o.customer_id = c.id where c.id = ? order by o.id")) {
        s.setInt(1, n);
        try (var r = s.executeQuery()) { show(r); }
      }
    }
    var api = c.unwrap(org.postgresql.PGConnection.class).getCopyAPI();
    var back = new StringWriter();
    out.println(api.copyOut("copy (select id, name, email, ssn, card from customers order by id) to stdout (format csv, header)", back) + " " + back);
  }

  static void run(Connection c, String sql) throws Exception {
    try (var s = c.createStatement()) {
      if (s.execute(sql)) try (var r = s.getResultSet()) { show(r); }
      else out.println(s.getUpdateCount());
      for (var w = s.getWarnings(); w != null; w = w.getNextWarning()) out.println("warning " + w.getMessage());
    } catch (SQLException e) { out.println(e.getSQLState() + " " + e.getMessage()); }
  }

  static void show(ResultSet r) throws Exception {
    var m = r.getMetaData();
    for (int n = 1; n <= m.getColumnCount(); n++) out.print(m.getColumnLabel(n) + ":" + m.getColumnTypeName(n) + " ");
    out.println();
    while (r.next()) {
      for (int n = 1; n <= m.getColumnCount(); n++) { var bytes = r.getObject(n); out.print((bytes instanceof byte[] b ? Arrays.toString(b) : r.getString(n)) + "|"); }
      out.println();
    }
  }
}
