import { connect } from 'node:net';
import { join } from 'node:path';

export const socketPath = (data: string) => join(data, 'gateway.sock');

/** Whether a gateway answers there. */
export function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
