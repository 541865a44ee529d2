/** A browser's cookies, as far as an IdP's login needs them: by host and path (RFC 6265 §5.4). */
export class CookieJar {
  readonly #cookies: { host: string; path: string; name: string; value: string }[] = [];

  take(url: URL, headers: readonly string[]): void {
    for (const header of headers) this.#set(url, header);
  }

  #set(url: URL, header: string): void {
    const [pair = '', ...attributes] = header.split(';').map((part) => part.trim());
    const at = pair.indexOf('=');
    if (at < 1) return;
    const attribute = (name: string) =>
      attributes.find((each) => each.toLowerCase().startsWith(`${name}=`))?.slice(name.length + 1);
    const cookie = {
      host: url.host,
      path: attribute('path') ?? '/',
      name: pair.slice(0, at),
      value: pair.slice(at + 1),
    };
    const same = this.#cookies.findIndex(
      (c) => c.host === cookie.host && c.path === cookie.path && c.name === cookie.name,
    );
    if (same >= 0) this.#cookies.splice(same, 1);
    const expires = attribute('expires');
    const gone = attribute('max-age') === '0' || (expires !== undefined && Date.parse(expires) <= Date.now());
    if (!gone) this.#cookies.push(cookie);
  }

  header(url: URL): string | undefined {
    const fits = this.#cookies.filter((cookie) => cookie.host === url.host && within(url.pathname, cookie.path));
    return fits.length === 0 ? undefined : fits.map((cookie) => `${cookie.name}=${cookie.value}`).join('; ');
  }
}

const within = (path: string, folder: string) =>
  path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
