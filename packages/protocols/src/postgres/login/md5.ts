import { createHash } from 'node:crypto';

const md5 = (...parts: readonly (string | Uint8Array)[]): string => {
  const hash = createHash('md5');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

/** The answer to AuthenticationMD5Password: `md5` + md5(md5(password + user) + salt). */
export const md5Password = (user: string, password: string, salt: Uint8Array): string =>
  `md5${md5(md5(password, user), salt)}`;
