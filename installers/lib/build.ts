import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ARCHITECTURES, type Deb, writeDeb } from './deb.ts';
import { type Archive, formula } from './formula.ts';
import { gatewayDeb } from './gateway-deb.ts';
import { laptopDeb } from './laptop-deb.ts';
import { type Made, make } from './made.ts';
import { nextSteps } from './next.ts';
import { gateway, hoop, missing, type Program, type Source } from './program.ts';
import { tarballFiles, writeTarball } from './tarball.ts';

/** `installers/build`: makes what was asked for, then the sums of it. Reads top to bottom. */

const root = resolve(import.meta.dirname, '../..');
const { values, positionals } = given();
const out = resolve(values.out);
const work = join(out, '.work');
const epoch = Number(process.env.SOURCE_DATE_EPOCH);
if (!Number.isInteger(epoch) || epoch <= 0) fail('SOURCE_DATE_EPOCH is not a time in seconds');
const linux = process.platform === 'linux';
const SUMS = 'SHA256SUMS';
const own = readFileSync(join(root, 'LICENSE'), 'utf8');

function given() {
  const options = { out: { type: 'string', default: join(root, 'installers/dist') }, url: { type: 'string' } } as const;
  try {
    return parseArgs({ allowPositionals: true, options });
  } catch (error) {
    return fail((error as Error).message);
  }
}

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

const machine = `${process.platform}-${process.arch}`;
const packageOf = (deb: Deb): string => {
  const architecture = ARCHITECTURES[process.arch] ?? fail(`no package is made for ${process.arch}`);
  return writeDeb(deb, { out, work, epoch, architecture });
};
const tarball = (made: Made) =>
  writeTarball(`hoop-${made.version}-${machine}`, tarballFiles(root, made), { out, work, epoch });

/** The tarballs of all machines, gathered in `out`. */
function formulaFile(): string {
  const base = values.url ?? fail('a formula says where the tarballs are to be had: --url BASE');
  const { version } = JSON.parse(readFileSync(join(root, 'packages/cli/package.json'), 'utf8')) as { version: string };
  const archives = readdirSync(out).flatMap((name): Archive[] => {
    const [, machine] = /^hoop-.*-((?:darwin|linux)-\w+)\.tar\.gz$/.exec(name) ?? [];
    return machine === undefined ? [] : [{ machine, url: `${base}/${name}`, sha256: sum(join(out, name)) }];
  });
  const path = join(out, 'hoop.rb');
  writeFileSync(path, formula({ version, homepage: base, archives }));
  return path;
}

const kinds: Record<string, () => string> = {
  deb: () => packageOf(laptopDeb(root, madeOf(hoop), epoch)),
  'gateway-deb': () => packageOf(gatewayDeb(root, madeOf(gateway), epoch)),
  tarball: () => tarball(madeOf(hoop)),
  formula: formulaFile,
};
const all = ['tarball', ...(linux ? ['deb', 'gateway-deb'] : [])];
const sum = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');

for (const kind of positionals)
  if (kinds[kind] === undefined) fail(`there is no ${kind} to build: ${Object.keys(kinds).join(', ')}`);
mkdirSync(out, { recursive: true });
const wrote = (positionals.length > 0 ? positionals : all).map((kind) => kinds[kind]!());
for (const [name, { version, sbom }] of made) writeFileSync(join(out, `${name}-${version}-${machine}.cdx.json`), sbom);
rmSync(work, { recursive: true, force: true });
const names = readdirSync(out).filter((name) => name !== SUMS);
const sums = names.sort().map((name) => `${sum(join(out, name))}  ${name}\n`);
writeFileSync(join(out, SUMS), sums.join(''));
process.stdout.write(`${sums.join('')}\nin ${out}\n${nextSteps(wrote).join('')}`);
