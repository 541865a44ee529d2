import { readFile } from 'node:fs/promises';
import { Secret, UserError } from '@hoop/core';

/**
 * Looks a secret up by its reference, `env:NAME` or `file:/path` (one trailing line end is dropped). Throws `UserError`
 * `secret` if there is none; the message names the reference, never the value.
 */
export async function lookUp(reference: string, environment: NodeJS.ProcessEnv = process.env): Promise<Secret> {
  const value = reference.startsWith('env:')
    ? environment[reference.slice(4)]
    : await fileAt(reference.slice('file:'.length));
  if (value !== undefined && value !== '') return new Secret(value);
  throw new UserError('secret', `the secret ${reference} is not there`, { hint: hintFor(reference) });
}

async function fileAt(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).replace(/\r?\n$/, '');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new UserError('secret', `cannot read the secret file:${path}: ${code}`, { cause });
  }
}

function hintFor(reference: string): string {
  return reference.startsWith('env:')
    ? `set the environment variable ${reference.slice(4)} for the gateway`
    : `write the secret to ${reference.slice(5)}, readable by the gateway alone (chmod 600)`;
}
