import { execFileSync } from 'node:child_process';

/** What a Linux binary asks of the system's libraries (readelf(1)): their names, and of each family of symbols the newest. */
export function asked(path: string): { libraries: string[]; symbols: Map<string, string> } {
  const read = (option: string) => execFileSync('readelf', [option, '--wide', path], { encoding: 'utf8' });
  const libraries = [...read('-d').matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(([, name = '']) => name);
  const symbols = new Map<string, string>();
  for (const [, family = '', version = ''] of read('-V').matchAll(/Name: ([A-Z_]+)_([0-9.]+)/g)) {
    if (compare(version, symbols.get(family) ?? '0') > 0) symbols.set(family, version);
  }
  return { libraries, symbols };
}

/** `2.10` is above `2.9`. */
export function compare(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split('.').map(Number));
  for (let at = 0; at < Math.max(left!.length, right!.length); at++) {
    const more = (left![at] ?? 0) - (right![at] ?? 0);
    if (more !== 0) return more;
  }
  return 0;
}
