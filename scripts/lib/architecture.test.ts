import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';

/** Who may import whom, and why. An edge that is not here does not exist. */
const EDGES: Record<string, Record<string, string>> = {
  core: {},
  protocols: { core: 'the words, the script kit' },
  controls: { core: 'actions, outputs, verdicts' },
  session: {
    core: 'the words',
    protocols: 'engines it drives',
    controls: 'the one place where protocols meet controls',
  },
  contracts: { core: 'the words on the wire' },
  platform: { core: 'errors' },
  gateway: {
    core: 'the words',
    session: 'runs flows',
    controls: 'supplies its ports',
    contracts: 'serves the API and the tunnel',
  },
  daemon: {
    core: 'the words',
    contracts: 'serves the local API, speaks the tunnel',
    platform: 'all that differs by OS',
    'protocols/greet': 'the only protocol bytes it knows',
  },
  cli: {
    core: 'errors and exit codes',
    contracts: 'the local API',
    platform: 'paths, programs',
    daemon: 'lazy imports: for `daemon run`, and for what `doctor` looks at while no daemon runs',
  },
  testkit: { core: 'the words; starts the programs, never imports them' },
};

const ROOT = join(import.meta.dirname, '../..');
const SOURCE = /\.(ts|tsx|mts)$/;
const IMPORT =
  /(?:^|\n)\s*(?:import|export)\b[^'"\n]*?(?:from\s*)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)|\bfrom\s+['"]([^'"]+)['"]/g;

function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? files(path) : SOURCE.test(entry.name) ? [path] : [];
  });
}
const withoutTypes = (text: string) => text.replace(/^(import|export) type [^;]*;$/gm, '');
const importsOf = (text: string) => [...text.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
const sources = Object.keys(EDGES).flatMap((name) =>
  files(join(ROOT, 'packages', name, 'src')).map((path) => ({
    package: name,
    path: relative(ROOT, path),
    text: readFileSync(path, 'utf8'),
  })),
);

describe('architecture', () => {
  test('the packages are those of the table', () => {
    expect(readdirSync(join(ROOT, 'packages')).sort()).toEqual(Object.keys(EDGES).sort());
  });

  test('imports follow the table', () => {
    const wrong = sources.flatMap((file) =>
      importsOf(file.text)
        .filter((name) => name.startsWith('@hoop/'))
        .map((name) => name.slice('@hoop/'.length))
        .filter((name) => {
          const allowed = EDGES[file.package] ?? {};
          return !(name in allowed || (name.split('/')[0] ?? '') in allowed);
        })
        .map((name) => `${file.path} imports ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  test('the table has no cycle', () => {
    const visit = (name: string, path: string[]): void => {
      if (path.includes(name)) throw new Error([...path, name].join(' → '));
      for (const next of Object.keys(EDGES[name] ?? {})) visit(next.split('/')[0] ?? '', [...path, name]);
    };
    for (const name of Object.keys(EDGES)) visit(name, []);
  });

  test('core, controls and engines have no sockets, no files, no timers; core has no Node at all', () => {
    const io = /^node:(net|tls|fs|child_process|http|https|dgram|dns|timers)/;
    const timers = /\b(setTimeout|setInterval|setImmediate)\s*\(/;
    const wrong = sources
      .filter((file) => ['core', 'controls', 'protocols'].includes(file.package))
      .filter(
        (file) =>
          timers.test(file.text) ||
          importsOf(file.text).some((name) => io.test(name) || (file.package === 'core' && name.startsWith('node:'))),
      );
    expect(wrong.map((file) => file.path)).toEqual([]);
  });

  test('only platform looks at the operating system or runs its commands', () => {
    const wrong = sources.filter(
      (file) =>
        !['platform', 'testkit'].includes(file.package) &&
        (/process\.platform/.test(file.text) ||
          importsOf(file.text).some((name) => name === 'node:child_process' || name === 'node:os')),
    );
    expect(wrong.map((file) => file.path)).toEqual([]);
  });

  test('what runs as root has no network, no terminal and no way in but its arguments', () => {
    const seen = new Set<string>();
    const outside = new Set<string>();
    const visit = (path: string): void => {
      if (seen.has(path)) return;
      seen.add(path);
      for (const name of importsOf(withoutTypes(readFileSync(path, 'utf8')))) {
        if (name.startsWith('.')) visit(join(dirname(path), name.replace(/\.js$/, '.ts')));
        else if (/^(node:|@)/.test(name)) outside.add(name);
      }
    };
    visit(join(ROOT, 'packages/platform/src/setup/program.ts'));
    expect(seen.size).toBeGreaterThan(10);
    expect([...outside].sort()).toEqual(['@hoop/core', 'node:child_process', 'node:crypto', 'node:fs', 'node:path']);
  });

  test('the CLI imports the daemon lazily', () => {
    const wrong = sources.filter((file) => file.package === 'cli' && /from\s+['"]@hoop\/daemon['"]/.test(file.text));
    expect(wrong.map((file) => file.path)).toEqual([]);
  });

  test('Ink is loaded lazily', () => {
    const views = /packages\/cli\/src\/views\//;
    const wrong = sources.filter(
      (file) => file.package === 'cli' && !views.test(file.path) && /from\s+['"](ink|react)['"]/.test(file.text),
    );
    expect(wrong.map((file) => file.path)).toEqual([]);
  });

  test('every package has a README of at most 25 lines', () => {
    const wrong = Object.keys(EDGES).filter((name) => {
      const path = join(ROOT, 'packages', name, 'README.md');
      const there = statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
      return !there || readFileSync(path, 'utf8').trimEnd().split('\n').length > 25;
    });
    expect(wrong).toEqual([]);
  });
});
