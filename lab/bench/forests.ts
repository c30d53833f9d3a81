import { TWO_FORESTS } from './domains.ts';
import { measureDuringPasses } from './during-passes.ts';
import { measureFullPasses } from './full-pass.ts';
import type { Ground } from './ground.ts';
import { measureLoad } from './initial-load.ts';
import { CONNECT_MEMORY_MB, peakMemory } from './measure/memory.ts';
import type { Measurement } from './measure/row.ts';

/** How much more memory Connect may hold for ten times as many people. */
const GROWTH = 1.25;

/**
 * One Connect over two forests: the way to the tenant, the way on into the managed domain, and password changes meanwhile.
 * @param people per forest
 * @param few the same with few people per forest, and the megabytes that Connect held then
 */
export async function measureForests(
  ground: Ground,
  people: number,
  few: { readonly people: number; readonly peak: number },
): Promise<Measurement[]> {
  const scene = await ground.scene(TWO_FORESTS, people);
  const { connect } = scene.stage;
  const what = "pulls of both forests by Samba's client, at once as ours";
  const { users, measurement: fullPass } = await measureFullPasses(
    'full password sync, two forests',
    what,
    scene,
  );
  const afterPass = peakMemory(connect);
  const load = await measureLoad('initial load of the managed domain, two forests', scene, users, people);
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
      name: `peak memory, connect, two forests, after passes of ${total} people`,
      value: afterPass,
      unit: 'MB',
      against: `the same with ${TWO_FORESTS.length * few.people} people`,
      yardstick: few.peak,
      budget: { of: 'ratio', atMost: GROWTH },
    },
  ];
}
