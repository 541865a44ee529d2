import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ARCHITECTURES, writeDeb } from './deb.ts';
import { gatewayDeb } from './gateway-deb.ts';
import { laptopDeb } from './laptop-deb.ts';
import { type Made, make } from './made.ts';
import { gateway, hoop, missing, type Program, type Source } from './program.ts';

/** `installers/build`: makes what was asked for, then the sums of it. Reads top to bottom. */

const root = resolve(import.meta.dirname, '../..');
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { out: { type: 'string', default: join(root, 'installers/dist') } },
});
const out = resolve(values.out);
const work = join(out, '.work');
const epoch = Number(process.env.SOURCE_DATE_EPOCH);
if (!Number.isInteger(epoch) || epoch <= 0) fail('SOURCE_DATE_EPOCH is not a time in seconds');
const linux = process.platform === 'linux';
const architecture = ARCHITECTURES[process.arch];
const own = readFileSync(join(root, 'LICENSE'), 'utf8');

function fail(why: string): never {
  console.error(`hoop: ${why}`);
  process.exit(1);
}

/** macOS binaries are signed, symbols and all; those of Linux are shipped without. */
function stripped(path: string): string {
  if (!linux) return path;
  mkdirSync(work, { recursive: true });
  const to = join(work, basename(path));
  copyFileSync(path, to);
  chmodSync(to, 0o755);
  execFileSync('strip', ['--strip-all', to]);
  return to;
}
const source: Source = { root, node: realpathSync(process.execPath), epoch, stripped };

/** Made once, packed as often as asked. */
const made = new Map<string, Made>();
function madeOf(program: Program): Made {
  const lacks = missing(program, root);
  if (lacks !== undefined) fail(lacks);
  const known = made.get(program.name) ?? make(program, source, own, work);
  made.set(program.name, known);
  return known;
}

const deb = { out, work, epoch, architecture: architecture ?? fail(`no package is made for ${process.arch}`) };
const kinds: Record<string, () => string> = {
  deb: () => writeDeb(laptopDeb(root, madeOf(hoop), epoch), deb),
  'gateway-deb': () => writeDeb(gatewayDeb(root, madeOf(gateway), epoch), deb),
};
const all = Object.keys(kinds).filter((kind) => linux || !kind.endsWith('deb'));
for (const kind of positionals) if (kinds[kind] === undefined) fail(`there is no ${kind} to build: ${all.join(', ')}`);

mkdirSync(out, { recursive: true });
const written = (positionals.length > 0 ? positionals : all).map((kind) => kinds[kind]!());
for (const [name, { version, sbom }] of made) {
  const path = join(out, `${name}-${version}-${process.platform}-${process.arch}.cdx.json`);
  writeFileSync(path, sbom);
  written.push(path);
}
rmSync(work, { recursive: true, force: true });
const sums = written.map(
  (path) => `${createHash('sha256').update(readFileSync(path)).digest('hex')}  ${basename(path)}\n`,
);
writeFileSync(join(out, 'SHA256SUMS'), sums.toSorted((a, b) => (a.slice(64) < b.slice(64) ? -1 : 1)).join(''));
process.stdout.write(sums.join(''));
