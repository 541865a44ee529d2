/** hoop's client at this IdP: public and native, so any port of the loopback redirect is good (RFC 8252 §7.3). */
export const CLIENT_ID = 'hoop';
