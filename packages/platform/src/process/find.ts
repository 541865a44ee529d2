import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * The file that a command's name stands for, as execvp(3) finds it, or what exit code a shell gives it (POSIX.1-2017,
 * Shell 2.8.2): 127 if there is none, 126 if it is there and cannot be run. A folder of PATH that cannot be read holds none.
 */
export function findProgram(command: string, path: string | undefined): string | 126 | 127 {
  const files = command.includes('/')
    ? [command]
    : (path ?? '/usr/bin:/bin').split(delimiter).map((folder) => join(folder || '.', command));
  let best: 126 | 127 = 127;
  for (const file of command === '' ? [] : files) {
    const how = look(file);
    if (how === 0) return file;
    if (how === 126) best = 126;
  }
  return best;
}

function look(file: string): 0 | 126 | 127 {
  try {
    if (!statSync(file).isFile()) return 127;
  } catch {
    return 127;
  }
  try {
    accessSync(file, constants.X_OK);
    return 0;
  } catch {
    return 126;
  }
}
