import { describe, expect, test } from 'vitest';
import { changelog, control, type Deb, md5sums } from '../lib/deb.ts';
import { copy, file, foldersOf } from '../lib/tree.ts';

const deb = (more: Partial<Deb> = {}): Deb => ({
  name: 'hoop',
  version: '1.2.3',
  section: 'net',
  depends: ['libc6 (>= 2.28)', 'libatomic1'],
  description: ['a summary', 'Words of a paragraph '.repeat(8).trim(), 'The last.'],
  files: [file('usr/lib/hoop/main.js', 'x'.repeat(1025)), file('usr/bin/hoop', '#!/bin/sh\n', 0o755)],
  scripts: {},
  ...more,
});

describe('control', () => {
  test('says what dpkg asks for, and the size as dpkg-gencontrol counts it', () => {
    const lines = control(deb(), 'arm64').split('\n');
    expect(lines.slice(0, 3)).toEqual(['Package: hoop', 'Version: 1.2.3', 'Architecture: arm64']);
    expect(lines).toContain('Depends: libc6 (>= 2.28), libatomic1');
    // Folders usr, usr/bin, usr/lib, usr/lib/hoop; two KiB and one.
    expect(lines).toContain('Installed-Size: 7');
  });

  test('a description is folded, and a paragraph ends with a dot of its own', () => {
    const [, words = ''] = control(deb(), 'amd64').split('Description: ');
    const lines = words.trimEnd().split('\n');
    expect(lines[0]).toBe('a summary');
    expect(lines.slice(1).every((line) => line.startsWith(' ') && line.length <= 79)).toBe(true);
    expect(lines.slice(-2)).toEqual([' .', ' The last.']);
  });
});

test('md5sums has every file, by path', () => {
  expect(md5sums([file('usr/b', 'b'), file('usr/a', '')])).toBe(
    'd41d8cd98f00b204e9800998ecf8427e  usr/a\n92eb5ffee6ae2fec3ad71c777531578f  usr/b\n',
  );
});

test('the changelog is dated as Debian dates', () => {
  expect(changelog('hoop', '1.2.3', 1_700_000_000)).toContain(
    ' -- hoop authors <hoop@localhost>  Tue, 14 Nov 2023 22:13:20 +0000\n',
  );
});

test('folders come before what is in them', () => {
  expect(foldersOf([copy('a/b/c/file', ''), copy('a/x', ''), copy('top', '')])).toEqual(['a', 'a/b', 'a/b/c']);
});
