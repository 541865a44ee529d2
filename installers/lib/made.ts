import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { licences } from './licences.ts';
import { manual } from './man.ts';
import { type Payload, type Program, payload, type Source } from './program.ts';
import { sbom } from './sbom.ts';
import { type Entry, file, stage } from './tree.ts';

/** A program with all that is made from it, whatever it is then packed as. */
export interface Made extends Payload {
  program: Program;
  licences: string;
  sbom: string;
  /** man(1), gzipped, as both Debian and man-db on macOS read it. */
  manual: Buffer;
  /** By shell; none for a program without. */
  completions: Partial<Record<'bash' | 'zsh' | 'fish', string>>;
}

export const zipped = (text: string): Buffer => gzipSync(text, { level: 9 });

/**
 * Stages the program and asks it for its own help and completions. That it starts, and that what lies beside it can be
 * loaded, is so seen on each build.
 */
export function make(program: Program, source: Source, own: string, work: string): Made {
  const { version, entries, packed } = payload(program, source);
  const folder = join(work, program.name);
  stage(folder, entries, source.epoch);
  const node = (...args: string[]) =>
    execFileSync(join(folder, 'bin/node'), args, {
      ...{ encoding: 'utf8', cwd: folder },
      env: {
        PATH: '/nonexistent',
        ...(process.env.LD_LIBRARY_PATH && { LD_LIBRARY_PATH: process.env.LD_LIBRARY_PATH }),
      },
    });
  const run = (...args: string[]) => node('main.js', ...args);
  for (const { name } of program.beside) node('--input-type=module', '-e', `await import('${name}')`);
  const help = (path: readonly string[]) => run(...path, '--help');
  const shells = program.name === 'hoop' ? (['bash', 'zsh', 'fish'] as const) : [];
  return {
    ...{ program, version, entries, packed },
    licences: licences(own, packed),
    sbom: sbom({ name: program.name, version, epoch: source.epoch }, packed),
    manual: zipped(manual({ name: program.name, summary: program.summary, version, epoch: source.epoch, help })),
    completions: Object.fromEntries(shells.map((shell) => [shell, run('completion', shell)])),
  };
}

/** Where each shell looks for what is installed; zsh, by who installed it. */
export function completionFiles({ completions }: Made, zshFolder: string): Entry[] {
  const { bash, zsh, fish } = completions;
  return [
    ...(bash === undefined ? [] : [file('share/bash-completion/completions/hoop', bash)]),
    ...(zsh === undefined ? [] : [file(`${zshFolder}/_hoop`, zsh)]),
    ...(fish === undefined ? [] : [file('share/fish/vendor_completions.d/hoop.fish', fish)]),
  ];
}
