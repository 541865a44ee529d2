import type { Person } from './people.js';

export const escaped = (text: string) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/** A page without scripts, readable by people and by a form-filling test. */
export function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title><style>
body{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:12vh auto;padding:0 1rem;color:#1c2733}
h1{font-size:1.3rem}input,button{font:inherit;width:100%;padding:.55rem;margin:.25rem 0 .8rem;box-sizing:border-box}
button{background:#175ddc;color:#fff;border:0;border-radius:.3rem}.error{color:#b00020}small{color:#5b6b7b}
</style></head><body><h1>${escaped(title)}</h1>${body}</body></html>`;
}

export function loginPage(staff: readonly Person[], error?: string): string {
  const who = staff.map((p) => `<option value="${escaped(p.name)}">`).join('');
  const told = staff.map((p) => `${escaped(p.name)}: ${escaped(p.password)}`).join('<br>');
  return page(
    'Shop Ltd: sign in',
    `${error ? `<p class="error">${escaped(error)}</p>` : ''}<form method="post" autocomplete="off">
<label>Name<input name="login" list="staff" required autofocus></label><datalist id="staff">${who}</datalist>
<label>Password<input name="password" type="password" required></label>
<button type="submit">Sign in</button></form><small>A demo company. Passwords:<br>${told}</small>`,
  );
}

/** The device flow's pages (RFC 8628 §3.3). `form` is oidc-provider's, with its protection against forged posts. */
export const devicePages = {
  input: (form: string, error: boolean) =>
    page(
      'Shop Ltd: a device wants to sign in',
      `${error ? '<p class="error">This code is not known, or no longer good.</p>' : ''}<p>The code that the device shows:</p>${form}
<button type="submit" form="op.deviceInputForm">Continue</button>`,
    ),
  confirm: (form: string, code: string, client: string) =>
    page(
      'Shop Ltd: a device wants to sign in',
      `<p><b>${escaped(client)}</b> asks to sign in. Go on only if it shows this code: <b>${escaped(code)}</b></p>${form}
<button type="submit" form="op.deviceConfirmForm">Continue</button>`,
    ),
  success: () => page('Shop Ltd: signed in', '<p>Done. You can close this page.</p>'),
};
