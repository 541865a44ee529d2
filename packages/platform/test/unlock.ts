import { connect } from 'node:net';

/**
 * Unlocks gnome-keyring by its control socket, as PAM does (pkcs11/../gkd-control.c): one byte, then length, operation 1
 * (unlock) and the password, all 32-bit big-endian lengths. Only the keyring's own user may speak there.
 */
const [control = '', secret = ''] = process.argv.slice(2);
const password = Buffer.from(secret);
const head = Buffer.alloc(13);
head.writeUInt32BE(12 + password.length, 1);
head.writeUInt32BE(1, 5);
head.writeUInt32BE(password.length, 9);
const socket = connect({ path: control });
socket.write(Buffer.concat([head, password]));
socket.once('data', (answer) => {
  socket.destroy();
  process.exitCode = answer.toString('hex') === '0000000800000000' ? 0 : 1;
});
