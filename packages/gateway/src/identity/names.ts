/** The two URIs that a client certificate carries as its subject alternative names: which login, and whose. */
export interface CertificateNames {
  loginId: string;
  subject: string;
}

export function sansOf(names: CertificateNames): string[] {
  const subject = Buffer.from(names.subject, 'utf8').toString('base64url');
  return [`hoop:login:${names.loginId}`, `hoop:subject:${subject}`];
}

/** Reads them back from the form of `X509Certificate.subjectAltName`. Anything but exactly these two is not ours. */
export function namesOf(subjectAltName: string | undefined): CertificateNames | undefined {
  const found = /^URI:hoop:login:([0-9a-f]{32}), URI:hoop:subject:([A-Za-z0-9_-]+)$/.exec(subjectAltName ?? '');
  if (!found?.[1] || !found[2]) return undefined;
  return { loginId: found[1], subject: Buffer.from(found[2], 'base64url').toString('utf8') };
}
