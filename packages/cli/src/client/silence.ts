/** Of a hoopd that is stopped or stuck, as every command tells it. */
export const SILENT = 'hoopd runs, but does not answer';

/** Of this user's alone: others of the machine have theirs. `keeper`: what keeps hoopd running, by name. */
export const silenceMend = (uid: number, keeper: string | undefined): string =>
  keeper === undefined ? `pkill -KILL -u ${uid} -x hoopd; hoop daemon start` : 'hoop daemon restart';
