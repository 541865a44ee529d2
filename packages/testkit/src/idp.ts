import { appendFileSync, readFileSync } from 'node:fs';
import { startIdp, toFile } from './idp/index.js';

/** The IdP as a program: `idp.js KEY CERTIFICATE TOKENS-FILE [PORT]`. Writes its issuer to stdout once it serves; beside
 * the tokens' file, a line for each request for authorization. */
const [key, certificate, tokens, port = '0'] = process.argv.slice(2);
if (!key || !certificate || !tokens) {
  process.stderr.write('usage: idp.js KEY CERTIFICATE TOKENS-FILE [PORT]\n');
  process.exit(2);
}
const idp = await startIdp({
  leaf: { key: readFileSync(key, 'utf8'), certificate: readFileSync(certificate, 'utf8') },
  port: Number(port),
  witness: toFile(tokens),
  asked: () => appendFileSync(`${tokens}.asked`, 'asked\n'),
});
process.stdout.write(`${idp.issuer}\n`);
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => void idp.close().then(() => process.exit(0)));
