/** All that a set-up could leave, as lines: files by content, units, links, names, nft. */
export const TRACES = `
find /etc /usr /opt /home -xdev \\( -path /home/alice/.cache -o -path /home/alice/.local/share/keyrings -o -path /home/alice/.pki -o -path /home/alice/.local/state/hoop \\) -prune -o -type f -print0 | sort -z | xargs -0 sha256sum
find /etc /usr /opt /home /var/lib -xdev \\( -path /home/alice/.cache -o -path /home/alice/.local/state/hoop \\) -prune -o \\( -type l -o -type d \\) -printf '%p %l %m %u\\n' | sort
systemctl list-unit-files --no-legend --plain; systemctl list-units --all --no-legend --plain 'hoop*'; systemctl show-environment
certutil -L -d sql:/home/alice/.pki/nssdb; ip -br link; ip -br addr; resolvectl dns; resolvectl domain; resolvectl default-route; nft list ruleset; cat /etc/resolv.conf`;

/** What there is now that was not there, and the other way round. */
export function changes(before: string, after: string): string[] {
  const [old, now] = [before.split('\n'), after.split('\n')];
  return [
    ...old.filter((one) => !now.includes(one)).map((one) => `- ${one}`),
    ...now.filter((one) => !old.includes(one)).map((one) => `+ ${one}`),
  ];
}
