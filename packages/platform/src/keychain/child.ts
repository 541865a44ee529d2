import keytar from 'keytar';

/**
 * A process of its own for one keychain call: keytar can hang for 50 s, holds a thread of the pool meanwhile, and can
 * crash. One JSON line in (`KeychainCall`), one JSON line out (`KeychainReply`); secrets never in argv or environment.
 * Imports nothing of ours, so that it runs from source as well as from the bundle.
 */
interface KeychainCall {
  do: 'get' | 'set' | 'delete';
  service: string;
  account: string;
  secret?: string;
}

async function perform(call: KeychainCall): Promise<string | boolean | null> {
  if (call.do === 'get') return keytar.getPassword(call.service, call.account);
  if (call.do === 'delete') return keytar.deletePassword(call.service, call.account);
  await keytar.setPassword(call.service, call.account, call.secret ?? '');
  return true;
}

let line = '';
for await (const chunk of process.stdin.setEncoding('utf8')) line += chunk;
try {
  process.stdout.write(`${JSON.stringify({ ok: true, value: await perform(JSON.parse(line) as KeychainCall) })}\n`);
} catch (error) {
  const message = error instanceof Error ? error.message : 'unknown';
  process.stdout.write(`${JSON.stringify({ ok: false, message })}\n`);
}
