import { connect, type Socket } from 'node:net';

/**
 * HTTP on a unix socket, as much as the local API needs (RFC 9112): HTTP/1.0 asks for an answer that is not chunked and
 * ends with the connection. node:http alone takes longer to load than everything `hoop ls` does.
 */
export interface Answer {
  status: number;
  /** The body as it comes; ends with the connection. */
  chunks: AsyncIterable<string>;
  end(): void;
}

const LARGEST_HEAD = 16_384;

export interface Request {
  method: string;
  path: string;
  body?: unknown;
}

/**
 * Rejects with the socket's error (`ENOENT`, `ECONNREFUSED`: nobody listens), or with `SILENT` where no answer has begun
 * after `patience` milliseconds.
 */
export async function ask(path: string, request: Request, patience?: number): Promise<Answer> {
  const socket = await open(path);
  if (patience !== undefined) socket.setTimeout(patience, () => socket.destroy(coded('SILENT')));
  const body = request.body === undefined ? '' : JSON.stringify(request.body);
  const headers = [
    'Host: hoopd',
    'Accept: application/json',
    ...(body === '' ? [] : ['Content-Type: application/json']),
    ...(request.method === 'GET' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
  ];
  socket.write(`${request.method} ${request.path} HTTP/1.0\r\n${headers.join('\r\n')}\r\n\r\n${body}`);
  const chunks = socket.setEncoding('utf8')[Symbol.asyncIterator]() as AsyncIterator<string>;
  const { head, rest } = await headOf(chunks);
  socket.setTimeout(0);
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? 0);
  return { status, chunks: bodyOf(rest, chunks), end: () => socket.destroy() };
}

/** The whole body as JSON; undefined if it is none. */
export async function jsonOf(answer: Answer): Promise<unknown> {
  let whole = '';
  for await (const chunk of answer.chunks) whole += chunk;
  try {
    return JSON.parse(whole);
  } catch {
    return undefined;
  }
}

function open(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

const coded = (code: string) => Object.assign(new Error('no answer'), { code });

async function headOf(chunks: AsyncIterator<string>): Promise<{ head: string; rest: string }> {
  let seen = '';
  for (;;) {
    const end = seen.indexOf('\r\n\r\n');
    if (end >= 0) return { head: seen.slice(0, end), rest: seen.slice(end + 4) };
    const next = await chunks.next();
    if (next.done === true || seen.length > LARGEST_HEAD) throw coded('NO_ANSWER');
    seen += next.value;
  }
}

async function* bodyOf(rest: string, chunks: AsyncIterator<string>): AsyncGenerator<string> {
  if (rest !== '') yield rest;
  for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) yield next.value;
}
