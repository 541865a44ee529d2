import { homedir } from 'node:os';

/** What differs by machine and is looked at: injected, so that a plan is a table of machines in tests. */
export interface Environment {
  platform: NodeJS.Platform;
  home: string;
  uid: number;
  variables: Readonly<Record<string, string | undefined>>;
}

/** The machine this program runs on. The home folder is the account's, unless HOME says otherwise. */
export function environment(): Environment {
  return {
    platform: process.platform,
    home: homedir(),
    uid: process.getuid?.() ?? -1,
    variables: process.env,
  };
}
