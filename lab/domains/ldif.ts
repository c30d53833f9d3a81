import { type DomainLayout, runTool } from '@causeway/samba';

type Value = string | Uint8Array;
export type Attributes = Record<string, Value[]>;

/** One change of a directory (RFC 2849). */
export type Change =
  | { dn: string; change: 'add'; attributes: Attributes }
  | { dn: string; change: 'modify'; replace?: Attributes; add?: Attributes; delete?: Attributes }
  | { dn: string; change: 'delete' }
  | { dn: string; change: 'modrdn'; newRdn: string; newSuperior?: string };

/** Stores hashes as they are, instead of deriving them from a clear password (Samba's DSDB_CONTROL_BYPASS_PASSWORD_HASH). */
export const BYPASS_PASSWORD_HASH = '1.3.6.1.4.1.7165.4.3.12';

const line = (name: string, value: Value): string => {
  const plain = typeof value === 'string' && /^[!-9;=-~][ -~]*$/.test(value) && !value.endsWith(' ');
  return plain ? `${name}: ${value}` : `${name}:: ${Buffer.from(value as string).toString('base64')}`;
};

const lines = (attributes: Attributes): string[] =>
  Object.entries(attributes).flatMap(([name, values]) => values.map(value => line(name, value)));

const part = (verb: string, attributes: Attributes = {}): string[] =>
  Object.entries(attributes).flatMap(([name, values]) => [
    `${verb}: ${name}`,
    ...values.map(value => line(name, value)),
    '-',
  ]);

function record(change: Change): string[] {
  const head = [line('dn', change.dn), `changetype: ${change.change}`];
  switch (change.change) {
    case 'add':
      return [...head, ...lines(change.attributes)];
    case 'modify':
      return [
        ...head,
        ...part('delete', change.delete),
        ...part('replace', change.replace),
        ...part('add', change.add),
      ];
    case 'delete':
      return head;
    case 'modrdn': {
      const superior = change.newSuperior ? [line('newsuperior', change.newSuperior)] : [];
      return [...head, line('newrdn', change.newRdn), 'deleteoldrdn: 1', ...superior];
    }
  }
}

export const renderLdif = (changes: Change[]): string =>
  changes.map(change => `${record(change).join('\n')}\n`).join('\n');

/** For one transaction of many additions, on a busy machine. */
const BULK_MS = 30 * 60_000;

/**
 * Changes a domain's database directly, in one transaction, with the system's rights. The domain may be running.
 *
 * @param options.bulk many additions. Without it, ldb copies the lists of its indexes (each as long as the domain has users) for each
 *   addition, to be able to undo it alone. With it, a failure undoes the transaction, as it does anyway
 */
export async function modifyDirectory(
  layout: DomainLayout,
  changes: Change[],
  options: { controls?: string[]; bulk?: boolean } = {},
): Promise<void> {
  if (changes.length === 0) return;
  const flags = [`--configfile=${layout.smbConf}`];
  if (options.controls) flags.push(...options.controls.map(control => `--controls=local_oid:${control}:1`));
  if (options.bulk) flags.push('--nosync', '-o', 'batch_mode:1');
  await runTool('ldbmodify', ['-H', layout.samLdb, ...flags], {
    input: renderLdif(changes),
    ...(options.bulk && { timeout: BULK_MS }),
  });
}
