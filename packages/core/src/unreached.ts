/** As getaddrinfo(3), connect(2), undici and OpenSSL tell it. */
const WHY: Record<string, string> = {
  ENOTFOUND: 'its name is not known here',
  EAI_AGAIN: 'no name server answers: is this machine offline?',
  ECONNREFUSED: 'nothing listens there',
  ENETUNREACH: 'there is no way there: is this machine offline?',
  EHOSTUNREACH: 'there is no way there',
  ETIMEDOUT: 'no answer',
  timeout: 'no answer',
  UND_ERR_CONNECT_TIMEOUT: 'no answer',
  UND_ERR_HEADERS_TIMEOUT: 'no answer',
  UND_ERR_SOCKET: 'the connection was cut',
  ECONNRESET: 'the connection was cut in the TLS handshake: a firewall, or something that is no gateway',
  ERR_SSL_WRONG_VERSION_NUMBER: 'what answers there does not speak TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'what answers there does not speak TLS',
};

/** Why a server cannot be reached, as a person reads it; undefined for a code that says it of nobody's network. */
export const whyUnreached = (code: string): string | undefined => WHY[code];
