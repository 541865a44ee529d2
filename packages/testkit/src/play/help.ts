export const HELP = `scripts/demo              a company on this machine; a shell on alice's laptop
scripts/demo --check      the same, unattended: one line a step, exit 0 only if
                          nothing failed
scripts/demo as PERSON COMMAND...
                          runs COMMAND on the laptop of alice, bob or carol,
                          while the demo runs
  --keep                  leaves ./.demo (logs, the gateway's record) behind
  --system                also by the machine's own resolver (systemd-resolved;
                          as root), with its undo

It needs no root; as root each laptop belongs to an OS user of its own, made for
the demo and removed with it.
`;

/** What to try, for a terminal of 80 columns. */
export const INVITATION = `
You are alice, a dba, on her laptop: no database password, no VPN, no root. Try:

  psql -h pg-prod.hoop                             in, as herself
  psql -h pg-prod.hoop -c 'select * from orders limit 3'
  hoop ls                                          what she can reach, and where
  hoop show pg-prod --as jdbc                      the string for DBeaver
  hoop sessions ls                                 what the gateway recorded
  hoop show pg-support                             masked and guarded: how
  hoop logout; hoop login                          out, and in again
  hoop status                                      if psql finds no host: why

psql's prompt and \\conninfo name the database that psql asked for; the gateway
decides which it gets: select current_database()

From another terminal:

  ./scripts/demo as bob psql -h pg-prod.hoop       refused: told whom to ask
  ./scripts/demo as bob psql -h pg-support.hoop    in; see: table customers
  ./scripts/demo as bob hoop explain pg-support 'drop table orders'
  ./scripts/demo as carol hoop sessions ls --all   the auditor's view, audited
  ./scripts/hoop-gateway users disable alice@shop.example \\
    -c .demo/company/gateway/gateway.yaml          she leaves: all she has ends

exit or Ctrl-D ends it all.
`;
