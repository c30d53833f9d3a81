import { rmSync } from 'node:fs';
import { stopDomain } from '@causeway/samba';
import pg from 'pg';
import { labUp } from '../domains/lifecycle.ts';
import { seedDomain } from '../domains/seed.ts';
import { labPath } from '../domains/state.ts';
import { DOMAINS, domainDirectory, firstForest, layoutOf } from '../domains/table.ts';
import { Stage } from './stage.ts';
import type { StageSettings } from './stage-files.ts';

/** Per forest, for the demo and the tests. */
const SEEDED_PEOPLE = 25;

/** Called before each step that takes time. */
type Report = (step: string) => void;

/** A stage without a past: its forests run and have people, and nothing else exists. */
export async function freshStage(settings: StageSettings = {}, report: Report = () => {}): Promise<Stage> {
  const { forests = firstForest } = settings;
  await labUp(report, forests);
  await stopDomain(layoutOf(DOMAINS.managed));
  for (const place of [domainDirectory(DOMAINS.managed), labPath('places')]) {
    rmSync(place, { recursive: true, force: true });
  }
  if (settings.databaseUrl !== undefined) await emptyDatabase(settings.databaseUrl);
  for (const forest of forests) await seedDomain(forest, { users: SEEDED_PEOPLE, report });
  return new Stage(settings);
}

/** Empties it completely. */
export async function emptyDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('drop schema public cascade; create schema public');
  await client.end();
}
