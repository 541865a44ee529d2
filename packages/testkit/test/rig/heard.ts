import { createServer } from 'node:net';

/** A port that says a line of JSON for the first bytes of each connection, and answers nothing: `heard.ts ADDRESS PORT`. */
const [address, port] = process.argv.slice(2);
const server = createServer((socket) => {
  socket.on('error', () => {});
  socket.once('data', (bytes) => {
    process.stdout.write(`${JSON.stringify(bytes.toString('latin1'))}\n`);
    socket.destroy();
  });
});
server.listen(Number(port), address, () => process.stdout.write('ready\n'));
process.stdin.on('end', () => server.close()).resume();
