import { readFileSync } from 'node:fs';
import { browse } from './browser/index.js';

/**
 * A browser without a screen, for BROWSER: `browser.js CA-FILE LOGIN PASSWORD-FILE URL` visits the URL and signs in.
 * Exit 0 if it ended at a page of status below 400.
 */
const [ca, login, passwordFile, url] = process.argv.slice(2);
if (!ca || !login || !passwordFile || !url) {
  process.stderr.write('usage: browser.js CA-FILE LOGIN PASSWORD-FILE URL\n');
  process.exit(2);
}
const read = (path: string) => readFileSync(path, 'utf8').trim();
const arrival = await browse(url, { login, password: read(passwordFile), ca: read(ca) });
process.stdout.write(`${arrival.status} ${arrival.url.origin}${arrival.url.pathname}\n`);
process.exitCode = arrival.status < 400 ? 0 : 1;
