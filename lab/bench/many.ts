import { ONE_FOREST } from './domains.ts';
import { measureFullPasses } from './full-pass.ts';
import type { Ground } from './ground.ts';
import { timed } from './measure/numbers.ts';
import type { Measurement } from './measure/row.ts';

/** A large site: first all users reach the tenant, then all passwords go again. */
export async function measureMany(ground: Ground, people: number): Promise<Measurement[]> {
  const scene = await ground.scene(ONE_FOREST, people);
  await scene.opened();
  const { ms } = await timed(() => scene.imported());
  const { measurement } = await measureFullPasses(
    `full password sync, ${people} people`,
    "pull by Samba's client",
    scene,
    1.35,
  );
  return [
    {
      name: `people imported into an empty tenant, of ${people}`,
      value: (people / ms) * 1000,
      unit: 'users/s',
      against: 'accounts and passwords, from the start of Connect',
    },
    measurement,
  ];
}
