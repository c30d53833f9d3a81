import type { ErrorTable } from './error-entry.ts';

/** Errors of every service and command: state folder, files, configuration, calls between the places. */
export const SHARED_ERRORS = {
  'already-running': {
    status: 409,
    means: 'Another process uses this state folder.',
    todo: 'Stop the other process, or name another state folder in the configuration.',
  },
  'answer-too-large': {
    status: 400,
    means: 'The other side sent an answer that is larger than the limit.',
    todo: 'Ask for less, for example for one forest or one person. If it happens by itself, update both sides to one release.',
  },
  'approve-by-list': {
    status: 409,
    means: 'Held changes are approved list by list, and the request did not name a list by its digest.',
    todo: 'Show the lists, then approve one by the digest that is printed with it:\n  causeway connect deletions\n  causeway connect allow-deletes DIGEST',
  },
  'bad-answer': {
    status: 502,
    means: 'The other side answered in a form that this program does not know.',
    todo: 'Check that the address is the one of Causeway. Update both sides to one release or to neighbouring releases.',
  },
  'bad-code': {
    status: 400,
    means: 'The text on standard input is too long for a one-time code.',
    todo: 'Give a file that holds the code and nothing else.',
  },
  'bad-configuration': {
    status: 400,
    means: 'The configuration has a key or value that cannot be used.',
    todo: 'Correct the keys that the message names. docs/reference/configuration.md lists every key.',
  },
  'bad-fingerprint': {
    status: 400,
    means: 'A fingerprint has 13 groups of 4 characters, and this text is none.',
    todo: 'Copy the whole fingerprint from the machine that has the key:\n  causeway connect fingerprint\n  causeway domain fingerprint\n  causeway tenant fingerprint',
  },
  'bad-request': {
    status: 400,
    means: 'The request has a part that the API does not accept.',
    todo: 'Correct the fields that the message names. `causeway openapi` prints what each API expects.',
  },
  'code-needed': {
    status: 400,
    means: 'This step needs a one-time code from the tenant.',
    todo: 'Create a code at the tenant, and pass it in a file that only you can read:\n  causeway tenant enrolment create --kind connect --name NAME --forest FOREST\n  causeway tenant enrolment create --kind domain --name NAME\nThen run the command again with --code-file FILE.',
  },
  'configuration-unreadable': {
    status: 400,
    means: 'The configuration file is missing, cannot be opened, or is not YAML.',
    todo: 'Check the path, the permissions and the syntax of the file, or name another one with --config FILE.',
  },
  'confirmation-needed': {
    status: 409,
    means: 'The command changes something that is hard to undo, and nobody confirmed it.',
    todo: 'Read what the command would change. If that is right, run it again with --yes.',
  },
  'confirmations-unreadable': {
    status: 400,
    means:
      'The file with the keys that administrators confirmed cannot be read, so the service does not start.',
    todo: 'Restore the file from the backup of the keys. If there is no backup, move the file away, start the service, and confirm every key again.',
  },
  'disk-failed': {
    status: 503,
    retry: 'later',
    means: 'The disk is read-only or fails. Nothing new is stored until it works again; nothing is lost.',
    todo: "Look for the reason in the system's log:\n  journalctl -k\nThen mount the disk for writing again, or replace it. The service resumes by itself.",
  },
  'disk-full': {
    status: 503,
    retry: 'later',
    means: 'The disk is full. Nothing new is stored until there is room; nothing is lost.',
    todo: 'Free some space on the disk. The service resumes by itself.',
  },
  'file-not-private': {
    status: 400,
    means: 'A file that holds a secret can be read by other users.',
    todo: 'Take the rights of all others away:\n  chmod 600 FILE',
  },
  'file-unreadable': {
    status: 400,
    means: 'A file that the configuration or the command names cannot be read.',
    todo: "Check the path, and that the service's user may read the file.",
  },
  'fingerprint-differs': {
    status: 409,
    means: 'The key on offer has another fingerprint than the one you gave.',
    todo: 'Read the fingerprint again on the machine that has the key, and compare it letter by letter:\n  causeway connect fingerprint\n  causeway domain fingerprint\n  causeway tenant fingerprint\nIf it still differs, do not confirm it, and find out who registered the other key.',
  },
  'http-error': {
    status: 502,
    means: 'The other side answered with an HTTP error and without a reason.',
    todo: 'Check the address, and any proxy between the two.',
  },
  internal: {
    status: 500,
    means: 'The service met an error that it does not expect.',
    todo: "Read the service's log at the time of the call, and report the error.",
  },
  invalid_client: {
    status: 401,
    means: 'The tenant does not know this agent, or does not accept its key.',
    todo: 'See which agents the tenant has, and compare the clocks:\n  causeway tenant agents list\nIf this agent is not in the list, enrol it again.',
  },
  'no-answer': {
    status: 503,
    means: 'The other side cannot be reached.',
    todo: 'Check the address, the network and the certificate, and that the service on the other side runs.',
  },
  'no-such-list': {
    status: 404,
    means: 'No list with this digest was shown, or it was shown too long ago.',
    todo: 'Show the lists again, and use the digest that is printed with the list:\n  causeway connect deletions\n  causeway domain deletions',
  },
  'no-such-route': {
    status: 404,
    means: 'The service has nothing at this address.',
    todo: 'Check the address. If it is right, update the service: it is of an older release.',
  },
  'no-token': {
    status: 502,
    means: 'The tenant gives the agent no token, and so nothing else.',
    todo: "Check the tenant's address and certificate, and that the clocks of both machines agree. To see whether the tenant still has the agent:\n  causeway tenant agents list",
  },
  'not-allowed': {
    status: 403,
    means: "Your user may not open the service's socket.",
    todo: "Run the command as root, as the service's user, or as a member of the group causeway-admins.",
  },
  'not-confirmed': {
    status: 409,
    means: 'The question was not answered with yes, so nothing was changed.',
    todo: 'Run the command again, and answer yes if you want the change.',
  },
  'not-own': {
    status: 403,
    means: 'A file or folder of the service belongs to somebody else, or others can replace it.',
    todo: 'Find out who put it there. Then remove it, or name another state folder.',
  },
  'not-running': {
    status: 503,
    means: 'The service does not run on this machine, or runs with another state folder.',
    todo: 'Start it, with the same configuration as this command:\n  causeway connect run\n  causeway domain run\n  causeway tenant run',
  },
  'not-staging': {
    status: 409,
    means: 'The Connect writes already, so it cannot be promoted.',
    todo: 'Nothing. To see which Connect stages:\n  causeway tenant agents list',
  },
  'options-conflict': {
    status: 400,
    means: 'Two options exclude each other.',
    todo: 'Leave one of them out. --help shows what each does.',
  },
  'other-list': {
    status: 409,
    means: 'The digest belongs to a list of another kind of change.',
    todo: 'Use the command that belongs to the list: allow-deletes for deletions and withdrawals, allow-creations for new users, allow-renames for renames.',
  },
  'other-release': {
    status: 409,
    means: 'The running service and this command are of different releases.',
    todo: 'Restart the service, so that both are of one release.',
  },
  'port-taken': {
    status: 400,
    means: 'Another program already listens on this port.',
    todo: 'Stop the other program, or set another port in the configuration. To see who listens:\n  ss -ltnp',
  },
  'runtime-directory': {
    status: 400,
    means: 'The folder for sockets under /run is missing, and the service may not create it.',
    todo: "Set `RuntimeDirectory=causeway` in the service's systemd unit.",
  },
  'secret-inline': {
    status: 400,
    means: 'A secret stands in the configuration itself.',
    todo: 'Put the secret into a file, and write `file:PATH` in the configuration, or `env:NAME` for an environment variable.',
  },
  'secret-missing': {
    status: 400,
    means: 'The environment variable that the configuration names for a secret is not set.',
    todo: 'Set the variable for the service, or name a file with `file:PATH`.',
  },
  'ledger-too-new': {
    status: 400,
    means: 'A newer release of Causeway has used this ledger.',
    todo: 'Run the newer release again, or restore the backup from before the update.',
  },
  staging: {
    status: 403,
    means: 'This Connect stages: it reads, decides and compares, and may change nothing.',
    todo: 'If it is to take the place of the one that writes, let an administrator of the tenant create a code, then use it here:\n  causeway tenant agents promote ID --demote ID\n  causeway connect promote --code-file FILE',
  },
  'state-path-too-long': {
    status: 400,
    means: "The state folder's path is too long for a socket in it.",
    todo: 'Use a state folder with a shorter path.',
  },
  'state-too-new': {
    status: 400,
    means: 'A newer release of Causeway has used this state.',
    todo: 'Run the newer release again, or restore the backup from before the update.',
  },
  'tls-needed': {
    status: 400,
    means: 'The service would listen on the network without TLS.',
    todo: 'Set `certificateFile` and `keyFile`, or listen on 127.0.0.1.',
  },
  unauthorized: {
    status: 401,
    means: 'The request has no token, or one that is not valid any more.',
    todo: 'Create a new token:\n  causeway tenant token TENANT --admin USER --token-out FILE\n  causeway connect token create NAME',
  },
} as const satisfies ErrorTable;
