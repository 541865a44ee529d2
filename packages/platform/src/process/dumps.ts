import type { Environment } from '../environment.js';
import { ffi } from '../ffi.js';

const RLIMIT_CORE = 4;
const PR_SET_DUMPABLE = 4;

/**
 * Keeps this process's memory out of core files, and other programs of the same user from reading it (prctl(2)
 * PR_SET_DUMPABLE, ptrace(2)): it holds a private key. Where the system does not allow it, nothing changes.
 */
export function forbidDumps(machine: Environment): void {
  if (machine.platform !== 'linux') return;
  try {
    const libc = ffi()?.dlopen(null, {
      setrlimit: { arguments: ['i32', 'buffer'], return: 'i32' },
      prctl: { arguments: ['i32', 'u64', 'u64', 'u64', 'u64'], return: 'i32' },
    });
    // struct rlimit: soft and hard, both 0.
    libc?.functions.setrlimit(RLIMIT_CORE, new Uint8Array(16));
    libc?.functions.prctl(PR_SET_DUMPABLE, 0n, 0n, 0n, 0n);
  } catch {
    // A libc without these: the system's own limits apply.
  }
}
