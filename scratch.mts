import { readFileSync } from 'node:fs';
import { load } from '/tmp/learnx.mts';
import { ready } from './packages/protocols/src/postgres/sql/parse.js';
import { read } from './packages/protocols/src/postgres/sql/read.js';

await ready();
const t0 = performance.now();
const c = await load(process.env.DB ?? 'postgres');
console.log(
  'learned in',
  (performance.now() - t0).toFixed(0),
  'ms',
  c.version,
  c.path,
  c.routineByOid.size,
  c.byOid.size,
  c.typeByOid.size,
);
const at = { catalogue: c, paths: [c.path] };
const lines = readFileSync(0, 'utf8')
  .split('\n')
  .filter((l) => l.trim() !== '');
for (const l of lines) {
  const a = performance.now();
  const rs = read(l, at);
  const ms = performance.now() - a;
  console.log(`\n${l}`);
  for (const r of rs)
    console.log(
      '   ',
      r.kind,
      '|',
      r.class,
      r.unknown ?? '',
      '|',
      r.traits.join(','),
      r.unbounded ? 'UNBOUNDED' : '',
      '|',
      r.relations.map((x) => x.does[0] + ':' + x.name).join(' '),
      '|',
      r.functions.slice(0, 12).join(' '),
      r.missing.length ? 'MISSING ' + r.missing : '',
      '|',
      'runs ' + (r.runs ?? []).join(','),
      ms.toFixed(2) + 'ms',
      r.setsPath === 'unknown' ? 'ANYPATH' : r.setsPath.length ? JSON.stringify(r.setsPath) : '',
      'cols ' +
        r.columns.join(' ') +
        ' out ' +
        JSON.stringify(r.outputs?.map((o) => [o.name, o.columns.join(' '), o.exact, o.opaque])) +
        ' st ' +
        r.stores.join(' ') +
        ' ' +
        r.makes.map((m) => m.what[0] + ':' + m.name).join(' '),
    );
}
