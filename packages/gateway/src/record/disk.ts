import { closeSync, fdatasync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { segmentName } from './folder.js';

/** The calls the record makes of the system; a test gives ones that fail. */
export interface Disk {
  open(folder: string, segment: number): number;
  write(fd: number, bytes: Buffer, from: number, position: number): number;
  truncate(fd: number, size: number): void;
  sync(fd: number, done: (error: Error | null) => void): void;
  syncNow(fd: number): void;
  close(fd: number): void;
}

export const disk: Disk = {
  open(folder, segment) {
    const fd = openSync(join(folder, segmentName(segment)), 'a+', 0o600);
    const parent = openSync(folder, 'r');
    fsyncSync(parent);
    closeSync(parent);
    return fd;
  },
  write: (fd, bytes, from) => writeSync(fd, bytes, from),
  truncate: ftruncateSync,
  sync: fdatasync,
  syncNow: fsyncSync,
  close: closeSync,
};
