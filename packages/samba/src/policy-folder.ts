import { join } from 'node:path';
import { type DomainPlace, dnsDomain, readDomain } from './description.ts';
import { domainStatus } from './domain-process.ts';
import { domainLayout } from './layout.ts';
import { runTool } from './run-tool.ts';

/** *Group Policy Creator Owners* (PA) make folders among the policies, and may do nothing else. */
const CREATORS_MAY = '(A;;0x1200ad;;;PA)';
/**
 * The access list of the policies' folder ([MS-DTYP] 2.5.1). It differs from Samba's own list in two points. There, that group may change
 * whatever has no list of its own, and creators do not own their folder (CO), so `samba-tool gpo create` cannot set its list.
 */
const POLICY_FOLDER = [
  'O:LAG:BAD:P',
  ...['(A;OICI;0x1f01ff;;;BA)', '(A;OICI;0x1f01ff;;;SY)'],
  ...['(A;OICI;0x1200a9;;;SO)', '(A;OICI;0x1200a9;;;AU)'],
  ...['(A;OICIIO;0x1f01ff;;;CO)', CREATORS_MAY],
].join('');

const TOOL_LIMIT_MS = 30_000;

/**
 * Gives the folder of policies its access list. Samba keeps lists by file number (`xattr_tdb`), which changes on another disk or in a
 * restored domain. Then it uses POSIX rights only, under which whoever may make a folder may remove everybody's.
 *
 * @param place of a running domain: only there does Samba know the numbers of its accounts
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

/**
 * Only that group's entries: administrators may have granted rights to others. Samba's releases write masks with zeros, without, or by
 * name.
 */
export const creatorsMay = (sddl: string): string =>
  sddl
    .replaceAll(';FA;', ';0x1f01ff;')
    .replaceAll(/;0x0+/g, ';0x')
    .match(/\([^()]*;PA\)/g)
    ?.join('') ?? '';
