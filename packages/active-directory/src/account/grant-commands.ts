/** The two extended rights that reading password hashes by replication needs ([MS-ADTS] 5.1.3.2.1). */
export const ReplicationRight = {
  getChanges: '1131f6aa-9c07-11d1-f79f-00c04fc2dcd2',
  getChangesAll: '1131f6ad-9c07-11d1-f79f-00c04fc2dcd2',
} as const;
export type ReplicationRight = (typeof ReplicationRight)[keyof typeof ReplicationRight];

const RIGHT_NAMES: Record<ReplicationRight, { windows: string; samba: string }> = {
  [ReplicationRight.getChanges]: { windows: 'Replicating Directory Changes', samba: 'get-changes' },
  [ReplicationRight.getChangesAll]: {
    windows: 'Replicating Directory Changes All',
    samba: 'get-changes-all',
  },
};

/** The name that Windows' tools show for a right: `Replicating Directory Changes`. */
export function rightName(right: ReplicationRight): string {
  return RIGHT_NAMES[right].windows;
}

export interface GrantCommands {
  /** Names of the rights that the commands grant. */
  rights: string[];
  /** For a domain administrator's command prompt on Windows. */
  windows: string[];
  /** For root's shell on a Samba domain controller. */
  samba: string[];
}

/**
 * The commands that give an account the replication rights on a naming context's head, this object only.
 *
 * @param options.namingContext DN, `DC=corp,DC=example,DC=com`
 * @param options.account sAMAccountName
 * @param options.domain NetBIOS or DNS name of the account's domain
 * @param options.missing the rights to grant; both by default
 */
export function replicationGrantCommands(options: {
  namingContext: string;
  account: string;
  domain: string;
  missing?: readonly ReplicationRight[];
}): GrantCommands {
  const { namingContext, account, domain } = options;
  const names = (options.missing ?? Object.values(ReplicationRight)).map(right => RIGHT_NAMES[right]);
  const head = shellQuote(namingContext);
  const trustee = `"$(samba-tool user show ${shellQuote(account)} --attributes=dn | sed -n 's/^dn: //p')"`;
  return {
    rights: names.map(name => name.windows),
    windows: names.map(name => `dsacls "${namingContext}" /G "${domain}\\${account}:CA;${name.windows}"`),
    samba: names.map(
      name =>
        `samba-tool dsacl set --objectdn=${head} --action=allow --car=${name.samba} --trusteedn=${trustee}`,
    ),
  };
}

function shellQuote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
