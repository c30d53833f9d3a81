import { join } from 'node:path';
import { type DomainPlace, dnsDomain, readDomain } from './description.ts';
import { domainStatus } from './domain-process.ts';
import { domainLayout } from './layout.ts';
import { runTool } from './run-tool.ts';

/** *Group Policy Creator Owners* (PA) make folders among the policies and nothing else. */
const CREATORS_MAY = '(A;;0x1200ad;;;PA)';
/**
 * Who may do what in the folder of policies ([MS-DTYP] 2.5.1). Samba's own list differs in two: by it that group changes whatever has no
 * list of its own, and nobody has the folder that they made (CO), so that `samba-tool gpo create` cannot set its list.
 */
const POLICY_FOLDER = [
  'O:LAG:BAD:P',
  ...['(A;OICI;0x1f01ff;;;BA)', '(A;OICI;0x1f01ff;;;SY)'],
  ...['(A;OICI;0x1200a9;;;SO)', '(A;OICI;0x1200a9;;;AU)'],
  ...['(A;OICIIO;0x1f01ff;;;CO)', CREATORS_MAY],
].join('');

const TOOL_LIMIT_MS = 30_000;

/**
 * Gives the folder of policies its access list. Samba keeps lists by the number of a file (`xattr_tdb`), which another disk or a restored
 * domain's files have not. It then judges by the POSIX rights alone, by which whoever makes a folder may remove everybody's.
 *
 * @param place of a domain that runs: only there does Samba know the numbers of its accounts
 * @returns whether anything was written
 */
export async function keepPolicyFolder(place: DomainPlace): Promise<boolean> {
  const { pid } = domainStatus(place);
  if (pid === undefined) throw new Error(`the domain in ${place.directory} does not run`);
  const { smbConf, sysvol } = domainLayout(place.directory);
  const folder = join(sysvol, dnsDomain(readDomain(place)), 'Policies');
  const ntacl = (...args: string[]) => {
    const inside = ['--mount', `--target=${pid}`, '--', 'samba-tool', 'ntacl'];
    return runTool('nsenter', [...inside, ...args, '--use-s3fs', `--configfile=${smbConf}`], {
      timeout: TOOL_LIMIT_MS,
    });
  };
  if (creatorsMay(await ntacl('get', folder, '--as-sddl')) === CREATORS_MAY) return false;
  await ntacl('set', POLICY_FOLDER, folder);
  return true;
}

/** The entries of that group alone: administrators may have granted others more. Samba's releases write masks with zeros or without, or by name. */
export const creatorsMay = (sddl: string): string =>
  sddl
    .replaceAll(';FA;', ';0x1f01ff;')
    .replaceAll(/;0x0+/g, ';0x')
    .match(/\([^()]*;PA\)/g)
    ?.join('') ?? '';
