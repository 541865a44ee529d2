export const HELP = `scripts/demo            a whole company on this machine; opens a shell on alice's laptop
scripts/demo --check    the same, unattended: one line a step, exit 0 only if nothing failed
scripts/demo as PERSON CMD...
                        runs CMD on the laptop of alice, bob or carol, while the demo runs
  --keep                leaves ./.demo (logs, the gateway's record) behind
  --system              also by the machine's own resolver (systemd-resolved; as root), with its undo
It needs no root; as root each laptop belongs to an OS user of its own, made for the demo and removed with it.
`;
