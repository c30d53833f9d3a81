import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openReplication, type ReplicationCookie } from '@causeway/active-directory';
import { ATTRIBUTE_SETS, type AttributeSet } from '@causeway/active-directory/testing';
import { DrsOption } from '@causeway/protocols';
import { baseDn, runTool } from '@causeway/samba';
import type { LabDomain } from '../domains/table.ts';
import type { Ground } from './ground.ts';
import { median, OF_MEDIAN_RATIO, ofMedianRatio, timed } from './measure/numbers.ts';
import type { Measurement } from './measure/row.ts';
import type { Reader } from './scene.ts';

/** Debian's own Python: the bindings belong to it. */
const PYTHON = '/usr/bin/python3';
const SCRIPT = fileURLToPath(import.meta.resolve('./pull.py'));
const PAGE_SIZE = 1000;

interface Cycle {
  readonly objects: number;
  readonly ms: number;
}
interface Pull {
  readonly full: Cycle;
  readonly delta: Cycle;
}

/** The same pull by our client and by Samba's, in turns. Ours decodes and decrypts, theirs only receives. */
export async function measurePull(
  domain: LabDomain,
  reader: Reader,
  { report, rounds }: Pick<Ground, 'report' | 'rounds'>,
): Promise<Measurement[]> {
  const pulls: { our: Pull; their: Pull; ratio: number }[] = [];
  for (let round = 0; round <= rounds; round++) {
    const cpu = process.cpuUsage();
    const our = await pullByUs(domain, reader);
    const { user, system } = process.cpuUsage(cpu);
    const their = await pullByBindings(domain, reader, 'all');
    if (our.full.objects !== their.full.objects)
      throw new Error(`${our.full.objects} objects came to us, ${their.full.objects} to Samba's client`);
    const spent = Math.round((user + system) / 1000);
    report(
      `  ours ${Math.round(our.full.ms)} ms (${spent} ms of CPU), theirs ${Math.round(their.full.ms)} ms`,
    );
    if (round === 0) continue; // both warm up
    pulls.push({ our, their, ratio: their.full.ms / our.full.ms });
  }
  const { our, their } = ofMedianRatio(pulls);
  const { objects } = our.full;
  const rate: Measurement = {
    name: 'pull',
    value: (objects / our.full.ms) * 1000,
    unit: 'objects/s',
    against: `Samba's client, which decrypts nothing; ${objects} objects; ${OF_MEDIAN_RATIO}`,
    yardstick: (objects / their.full.ms) * 1000,
    budget: { of: 'ratio', atLeast: 0.9 },
  };
  const delta: Measurement = {
    name: 'pull, nothing changed',
    value: median(pulls.map(({ our }) => our.delta.ms)),
    unit: 'ms',
    against: "one GetNCChanges call of Samba's client",
    yardstick: median(pulls.map(({ their }) => their.delta.ms)),
    budget: { of: 'value', atMost: 100 },
  };
  return [rate, delta];
}

/**
 * Pulls several forests at once by Samba's client alone, reading what Connect's channels read.
 * @returns milliseconds until the last one has everything
 */
export async function pullAtOnce(
  forests: readonly LabDomain[],
  reader: (forest: LabDomain) => Reader,
): Promise<number> {
  const pulls = await Promise.all(forests.map(forest => pullByBindings(forest, reader(forest), 'passwords')));
  return Math.max(...pulls.map(({ full }) => full.ms));
}

const readPassword = (reader: Reader): string => readFileSync(reader.passwordFile, 'utf8').trim();

async function pullByUs(domain: LabDomain, reader: Reader): Promise<Pull> {
  const account = {
    domain: domain.netbiosDomain,
    username: reader.username,
    password: readPassword(reader),
  };
  await using connection = await openReplication({ host: domain.address, account });
  let cookie: ReplicationCookie | undefined;
  const cycle = async (): Promise<Cycle> => {
    const { ms, result } = await timed(async () => {
      let objects = 0;
      const options = { namingContext: baseDn(domain), pageSize: PAGE_SIZE, cookie };
      for await (const page of connection.replicateChanges(options)) {
        objects += page.serverObjects;
        const unreadable = page.users.find(user => user.problem !== undefined);
        if (unreadable) throw new Error(`${unreadable.distinguishedName}: ${unreadable.problem}`);
        if (page.cookie) cookie = page.cookie;
        page.wipe();
      }
      return objects;
    });
    return { ms, objects: result };
  };
  return { full: await cycle(), delta: await cycle() };
}

async function pullByBindings(domain: LabDomain, reader: Reader, attributes: AttributeSet): Promise<Pull> {
  const order = {
    host: domain.address,
    domain: domain.netbiosDomain,
    username: reader.username,
    password: readPassword(reader),
    namingContext: baseDn(domain),
    flags: DrsOption.initialSync | DrsOption.writableReplica | DrsOption.neverSynced,
    attributes: ATTRIBUTE_SETS[attributes],
    pageSize: PAGE_SIZE,
  };
  return JSON.parse(await runTool(PYTHON, [SCRIPT], { input: JSON.stringify(order) })) as Pull;
}
