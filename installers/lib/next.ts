import { basename } from 'node:path';

/** What each kind of file is for, as its name says it. */
const STEPS: readonly [RegExp, (path: string) => string][] = [
  [/^hoop_.*\.deb$/, (path) => `laptop   sudo apt install ${path} && hoop setup`],
  [
    /^hoop-gateway_.*\.deb$/,
    (path) =>
      `gateway  sudo apt install ${path} && sudo hoop-gateway init --dir /etc/hoop-gateway --data /var/lib/hoop-gateway --host NAME`,
  ],
  [/^hoop-.*\.tar\.gz$/, (path) => `laptop   tar -xzf ${path}, then install.sh in it, then hoop setup`],
  [/^hoop\.rb$/, (path) => `tap      ${path} is the formula of a Homebrew tap`],
];

/** What to do with each file that was made, a line each. */
export const nextSteps = (paths: readonly string[]): string[] =>
  paths.flatMap((path) => {
    const step = STEPS.find(([name]) => name.test(basename(path)))?.[1];
    return step === undefined ? [] : [`${step(path)}\n`];
  });
