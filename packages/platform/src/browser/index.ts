import { spawn } from 'node:child_process';
import type { Environment } from '../environment.js';

/** How the person's browser is opened: commands to try in order, each given the address as its last argument. */
export function planBrowser(machine: Environment): readonly (readonly string[])[] {
  const { BROWSER, DISPLAY, WAYLAND_DISPLAY } = machine.variables;
  if (BROWSER !== undefined && BROWSER !== '') return BROWSER.split(':').map((one) => one.split(' ').filter(Boolean));
  if (machine.platform === 'darwin') return [['open']];
  return DISPLAY || WAYLAND_DISPLAY ? [['xdg-open'], ['sensible-browser']] : [];
}

/**
 * Opens the address; false if no browser could be started. Never waits for the browser. The address comes from a server:
 * what is no web address is not handed to a program.
 */
export async function openBrowser(machine: Environment, url: string): Promise<boolean> {
  if (!/^https?:\/\//.test(url)) return false;
  for (const [command, ...args] of planBrowser(machine)) {
    if (command !== undefined && (await starts(command, [...args.filter((arg) => arg !== '%s'), url]))) return true;
  }
  return false;
}

function starts(command: string, args: string[]): Promise<boolean> {
  const child = spawn(command, args, { stdio: 'ignore', detached: true });
  child.unref();
  return new Promise((resolve) => {
    child.once('spawn', () => resolve(true));
    child.once('error', () => resolve(false));
  });
}
