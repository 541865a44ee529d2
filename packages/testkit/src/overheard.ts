import { createSocket } from 'node:dgram';

/**
 * A network's DNS server that answers every name with 10.9.9.9, and says on stdout what it was asked, a name a line:
 * `overheard.js ADDRESS PORT`. What it hears has left the laptop. Names below `rebind.example` are an attacker's: they are this
 * address, and `to-127-77-3-4.….rebind.example` is the address in it from two seconds after it was first asked for.
 */
const [address = '127.0.0.1', port = '53'] = process.argv.slice(2);
const REBINDS_AFTER = 2_000;
const asked = new Map<string, number>();
const socket = createSocket('udp4');

function addressOf(name: string): string {
  if (!name.endsWith('rebind.example')) return '10.9.9.9';
  const [, ...bytes] = /^to-(\d+)-(\d+)-(\d+)-(\d+)\./.exec(name) ?? [];
  const first = asked.get(name) ?? Date.now();
  asked.set(name, first);
  return bytes.length === 0 || Date.now() - first < REBINDS_AFTER ? address : bytes.join('.');
}

socket.on('message', (query, from) => {
  const end = query.indexOf(0, 12);
  const labels: string[] = [];
  for (let at = 12; at < end; at += 1 + query[at]!) labels.push(query.toString('ascii', at + 1, at + 1 + query[at]!));
  const name = labels.join('.').toLowerCase();
  const wantsA = query.readUInt16BE(end + 1) === 1;
  const head = Buffer.from(query.subarray(0, 12));
  head.writeUInt16BE(0x8180, 2);
  head.writeUInt16BE(wantsA ? 1 : 0, 6);
  head.writeUInt32BE(0, 8);
  const bytes = wantsA ? addressOf(name).split('.').map(Number) : [];
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, ...bytes]);
  socket.send(Buffer.concat([head, query.subarray(12, end + 5), ...(wantsA ? [record] : [])]), from.port, from.address);
  process.stdout.write(`${name}\n`);
});
socket.bind(Number(port), address, () => process.stdout.write('ready\n'));
process.stdin.on('end', () => socket.close()).resume();
