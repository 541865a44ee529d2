/**
 * Node's FFI, or undefined where this Node has none. Asked of the process and not imported: a bundler would take the
 * `node:` off, and there is no module `ffi`. It is experimental, knowingly: its warning must not stand on the user's
 * stderr. Other warnings still do.
 */
export function ffi(): typeof import('node:ffi') | undefined {
  const emit = process.emitWarning;
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
    if (String(warning).includes('FFI')) return;
    (emit as (...all: unknown[]) => void).call(process, warning, ...rest);
  }) as typeof process.emitWarning;
  try {
    return process.getBuiltinModule('node:ffi') as typeof import('node:ffi') | undefined;
  } finally {
    process.emitWarning = emit;
  }
}
