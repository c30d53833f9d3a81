import { type DomainPlace, domainLayout, runTool } from '@causeway/samba';
import { suspectDisk } from '@causeway/service';

/** Arguments of every tool on the managed domain's database; the domain need not run. */
export function onDatabase(place: DomainPlace): string[] {
  const { samLdb, smbConf } = domainLayout(place.directory);
  return ['-H', samLdb, `--configfile=${smbConf}`];
}

/** An object as `ldbsearch` shows it: GUIDs, SIDs and pools of RIDs as text. */
export type Shown = ReadonlyMap<string, readonly string[]>;

/** Searches the database itself. */
export async function ldbSearch(
  place: DomainPlace,
  base: string,
  { scope = 'sub', filter, controls = [] }: { scope?: string; filter: string; controls?: string[] },
  attributes: readonly string[],
): Promise<Shown[]> {
  const more = controls.map(control => `--controls=${control}`);
  const args = [...onDatabase(place), ...more, '-b', base, '-s', scope, filter, ...attributes];
  return parseObjects(await sayingWhy(place, runTool('ldbsearch', args)));
}

/** Writes one transaction of LDIF to the database. Nothing in it may be secret. */
export const ldbWrite = async (place: DomainPlace, ldif: string): Promise<void> => {
  await sayingWhy(place, runTool('ldbmodify', onDatabase(place), { input: ldif }));
};

/** Adds the reason when the disk is full or fails, which the tools do not report. */
async function sayingWhy<T>(place: DomainPlace, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw suspectDisk(error, domainLayout(place.directory).privateDir) ?? error;
  }
}

/** Parses the LDIF that `ldbsearch` prints (RFC 2849), without comments and referrals. */
export function parseObjects(ldif: string): Shown[] {
  const objects: Shown[] = [];
  for (const block of ldif.replaceAll(/\r?\n /g, '').split(/\n{2,}/)) {
    const object = new Map<string, string[]>();
    for (const line of block.split('\n')) {
      const [, name, is64, value = ''] = /^([A-Za-z][\w-]*):(:?) ?(.*)$/.exec(line) ?? [];
      if (name === undefined) continue;
      const text = is64 ? Buffer.from(value, 'base64').toString('utf8') : value;
      object.set(name, [...(object.get(name) ?? []), text]);
    }
    if (object.has('dn')) objects.push(object);
  }
  return objects;
}
