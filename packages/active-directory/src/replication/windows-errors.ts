/** Connect retries by itself, so nobody needs to do anything unless the error persists. */
const RETRIED = 'Connect retries; if it stays, look at the event log or log of that domain controller';
const WRONG_SERVER = "check 'server' and 'namingContext' of the connector";
const ANOTHER = "let 'server' of the connector name a writable domain controller of the domain";

/** What a domain controller's errors mean ([MS-ERREF] 2.2; the last two: [C706] N), and what to do. */
const WINDOWS_ERRORS: ReadonlyMap<number, readonly [meaning: string, next: string]> = new Map([
  [5, ['access denied', "see 'causeway doctor' for the right that the connector's account lacks"]],
  [8, ['it is out of memory', RETRIED]],
  [14, ['it is out of memory', RETRIED]],
  [87, ['invalid parameter', 'report it with the release of that domain controller']],
  [1306, ['it does not support this version of the call', 'update that domain controller']],
  [
    1722,
    ['its RPC server is unavailable', 'see that its directory service runs, and that no firewall is between'],
  ],
  [1723, ['its RPC server is too busy', RETRIED]],
  [1726, ['the call failed on its side', RETRIED]],
  [1727, ['the call failed before it began', RETRIED]],
  [
    1753,
    [
      'its replication service is not registered',
      'see that its directory service runs; it may still be starting',
    ],
  ],
  [1818, ['the call was cancelled on its side', RETRIED]],
  [
    1825,
    ['the security of the connection failed', 'compare the clocks, and see that its policy admits NTLM'],
  ],
  [8333, ['no such object', WRONG_SERVER]],
  [8418, ['schema mismatch', 'wait until the schema has replicated to every domain controller']],
  [8420, ['it does not hold this naming context', WRONG_SERVER]],
  [8437, ['invalid parameter of the replication', 'report it with the release of that domain controller']],
  [8438, ['it is too busy to replicate', RETRIED]],
  [8439, ['it does not know the distinguished name', WRONG_SERVER]],
  [8440, ['it does not know the naming context', WRONG_SERVER]],
  [
    8442,
    [
      'internal error of its replication',
      "look at its event log, run 'dcdiag', and restart its directory service",
    ],
  ],
  [8443, ['its database is inconsistent', "run 'dcdiag' there, on Samba 'samba-tool dbcheck'"]],
  [8446, ['its replication is out of memory', 'give it memory or restart it; Connect retries']],
  [8451, ['error of its database', "check its disk, then run 'dcdiag' there, on Samba 'samba-tool dbcheck'"]],
  [8452, ['the naming context is being removed, or is not replicated from there', ANOTHER]],
  [
    8453,
    [
      'replication access was denied',
      "see 'causeway doctor' for the right that the connector's account lacks",
    ],
  ],
  [8454, ['it does not support this replication', ANOTHER]],
  [8455, ['the replication was cancelled on its side', RETRIED]],
  [
    8456,
    [
      'its outbound replication is disabled',
      "find out why (a domain controller that was restored from a snapshot disables itself, event 2095), then run 'repadmin /options DC -DISABLE_OUTBOUND_REPL', or let the connector read another one",
    ],
  ],
  [
    8457,
    [
      'its inbound replication is disabled, so that it knows of no changes elsewhere',
      "find out why (a domain controller that was restored from a snapshot disables itself, event 2095), then run 'repadmin /options DC -DISABLE_INBOUND_REPL', or let the connector read another one",
    ],
  ],
  [8461, ['the replication gave way to a more urgent one', RETRIED]],
  [8463, ['it is shutting down', 'start it again, or let the connector read another one']],
  [8464, ['it does not hold all attributes that were asked for', ANOTHER]],
  [8465, ['it holds only a part of the domain (a global catalog of another domain)', ANOTHER]],
  [
    8593,
    [
      'another replication epoch: the domain was renamed',
      'wait until the rename has ended, then restart Connect',
    ],
  ],
  [8606, ['it has lingering objects', "remove them there with 'repadmin /removelingeringobjects'"]],
  [8614, ['it has not replicated for longer than a tombstone lives', ANOTHER]],
  [
    0x16c9_a0d6,
    [
      'its replication service is not registered',
      'see that its directory service runs; it may still be starting',
    ],
  ],
  [0x1c01_0003, ['no replication service listens there', "check 'replicationPort' of the connector"]],
]);

/** @returns `meaning; next step`; undefined for an unknown code */
export function explainWindowsError(code: number): string | undefined {
  return WINDOWS_ERRORS.get(code)?.join('; ');
}

/** With its number, so that it can be looked up. */
export function describeWerror(werror: number): string {
  const text = explainWindowsError(werror);
  return text === undefined ? `error ${werror}` : `error ${werror}, ${text}`;
}
