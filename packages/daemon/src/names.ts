/** A connection of one profile. */
export interface Named {
  profile: string;
  name: string;
}

/** One label of a host name, in lower case (RFC 1123 §2.1); it is also a key of ours and a word on a terminal. */
export const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** What stands before `.hoop`: `pg-prod` of the default profile, `pg-prod.acme` of the others. */
export const shownAs = ({ profile, name }: Named, defaultProfile: string): string =>
  profile === defaultProfile ? name : longName({ profile, name });

/** Good for each profile, the default one too. */
export const longName = ({ profile, name }: Named): string => `${name}.${profile}`;

/**
 * The connection that is meant by what stands before `.hoop`. A connection's name is one label, so that a short name is
 * never a long one: whatever a gateway lists, it has names below its own profile's alone, and the short ones only if the
 * person gave them to it.
 */
export function meantBy(text: string, defaultProfile: string): Named | undefined {
  const [name = '', profile = defaultProfile, ...more] = text.split('.');
  return more.length === 0 ? { profile, name } : undefined;
}

/** What we advise is written for one login: for another it says whose. */
export function adviceFor<T extends string | undefined>(hint: T, profile: string, defaultProfile: string): T {
  if (profile === defaultProfile) return hint;
  return hint?.replace(/\bhoop (login|logout)\b(?! --profile)/g, `hoop $1 --profile ${profile}`) as T;
}
