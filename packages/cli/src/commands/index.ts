import type { Command } from '../command.js';
import { completionOf } from './completion.js';
import { connect } from './connect.js';
import { daemon } from './daemon.js';
import { doctor } from './doctor.js';
import { explain } from './explain.js';
import { login } from './login.js';
import { logout } from './logout.js';
import { ls } from './ls.js';
import { profile } from './profile.js';
import { run } from './run.js';
import { sessions } from './sessions.js';
import { setup } from './setup.js';
import { show } from './show.js';
import { status } from './status.js';
import { version } from './version.js';
import { whoami } from './whoami.js';

/** Every command of `hoop`, in the order that help shows them. */
export const commands: readonly Command[] = [
  login,
  logout,
  whoami,
  ls,
  show,
  explain,
  connect,
  run,
  status,
  doctor,
  profile,
  sessions,
  setup,
  daemon,
  version,
  completionOf(() => commands),
];
