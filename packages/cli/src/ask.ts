import { createInterface } from 'node:readline/promises';
import { UserError } from '@hoop/core';

/** A line typed at a terminal; `n` where its input ends. Throws a `UserError` on Ctrl-C. */
export async function askAt(input: NodeJS.ReadableStream, output: NodeJS.WritableStream, question: string) {
  const asking = createInterface({ input, output, terminal: true });
  const ended = new Promise<string>((resolve, reject) => {
    asking.once('close', () => resolve('n'));
    asking.once('SIGINT', () => {
      output.write('\n');
      reject(new UserError('interrupted', 'not answered', { exit: 'interrupted' }));
    });
  });
  return Promise.race([asking.question(question), ended]).finally(() => asking.close());
}
