import { TWO_FORESTS } from './domains.ts';
import { measureDuringPasses } from './during-passes.ts';
import { compareFullPass, runFullPass } from './full-pass.ts';
import type { Ground } from './ground.ts';
import { compareLoad, loadDomain } from './initial-load.ts';
import { CONNECT_MEMORY_MB, peakMemory } from './memory.ts';
import { measurePulls } from './pull.ts';
import type { Measurement } from './row.ts';

/** What Connect may hold for ten times as many people. */
const GROWTH = 1.25;

/** Connect's peak memory after everybody of both forests was imported and sent in a forced full pass. */
export async function peakAfterPass(ground: Ground, people: number): Promise<number> {
  const scene = await ground.scene(TWO_FORESTS, people);
  await runFullPass(scene);
  return peakMemory(scene.stage.connect);
}

/**
 * One Connect over two forests: the way to the tenant, the way on into the managed domain, and who changes a password meanwhile.
 * @param people of each forest
 * @param few the same of few people of each, and the megabytes that Connect held then
 */
export async function measureForests(
  ground: Ground,
  people: number,
  few: { readonly people: number; readonly peak: number },
): Promise<Measurement[]> {
  const scene = await ground.scene(TWO_FORESTS, people);
  const { connect } = scene.stage;
  ground.report('pulling both forests at once by Samba’s client');
  const pull = await measurePulls(TWO_FORESTS, forest => scene.reader(forest), ground.report);
  const pass = await runFullPass(scene);
  const afterPass = peakMemory(connect);
  const what = "pulls of both forests by Samba's client, at once as ours";
  const fullPass = await compareFullPass('full password sync, two forests', pass, { ms: pull, what });
  const pages = await loadDomain(scene, pass.users);
  const load = await compareLoad('initial load of the managed domain, two forests', scene, pages, people);
  const changes = await measureDuringPasses(scene);
  const total = TWO_FORESTS.length * people;
  return [
    fullPass,
    load,
    ...changes,
    {
      name: 'peak memory, connect, two forests',
      value: peakMemory(connect),
      unit: 'MB',
      against: `after ${total} people, forced full passes and changes`,
      budget: { of: 'value', atMost: CONNECT_MEMORY_MB },
    },
    {
      name: `peak memory, connect, two forests, after a pass of ${total} people`,
      value: afterPass,
      unit: 'MB',
      against: `the same with ${TWO_FORESTS.length * few.people} people`,
      yardstick: few.peak,
      budget: { of: 'ratio', atMost: GROWTH },
    },
  ];
}
