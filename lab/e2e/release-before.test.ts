import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReplyOf } from '@causeway/contract';
import { readAccepts, type synchronizationRoutes, writeAccepts } from '@causeway/contract';
import { type Exchange, signedNames } from '../releases/exchange.ts';
import type { Between } from '../releases/exchange-proxy.ts';
import { recordings } from '../releases/recording.ts';
import { ReleaseSchemas } from '../releases/release-schemas.ts';
import { playStory } from '../releases/story.ts';

// Today's places, each of which takes the others for a previous release. Nobody gets what that release does not read.

type Configuration = ReplyOf<typeof synchronizationRoutes.getSyncConfiguration>;
const CONFIGURATION = '/api/v1/sync/configuration';

for (const { name, exchanges, openApi } of recordings()) {
  test(`works beside ${name}, and sends it nothing that it does not read`, async () => {
    const schemas = new ReleaseSchemas(openApi);
    const announced = (said: readonly (string | null)[]): Set<string> =>
      new Set(said.flatMap(header => readAccepts(header ?? undefined) ?? []));
    const agents = announced(exchanges.map(({ accepts }) => accepts));
    const tenant = announced(exchanges.map(exchange => exchange.announced));
    const only = (header: string | null, known: ReadonlySet<string>): string | null => {
      const names = (readAccepts(header ?? undefined) ?? []).filter(each => known.has(each));
      return names.length === 0 ? null : writeAccepts(names);
    };
    const taken = exchanges
      .filter(({ path }) => path === CONFIGURATION)
      .flatMap(({ answer }) => (answer as Configuration).accepts ?? []);
    const between: Between = {
      knows: (method, path) => schemas.knows(method, path),
      accepts: said => only(said, agents),
      answer: ({ path, announced, answer }) => ({
        announced: only(announced, tenant),
        answer: path === CONFIGURATION ? withAccepts(answer as Configuration, taken) : answer,
      }),
    };
    let played: readonly Exchange[] = [];
    await playStory({}, between, {
      end: async told => {
        played = told.exchanges;
      },
    });
    assert.deepEqual(
      played.flatMap(exchange => schemas.breaches(exchange)),
      [],
    );
    assert.deepEqual(
      played.filter(({ status }) => status !== 200),
      [],
    );
    assert.deepEqual(signedNames(played), signedNames(exchanges));
  });
}

function withAccepts(configuration: Configuration, taken: readonly string[]): Configuration {
  const { accepts } = configuration;
  return accepts === undefined
    ? configuration
    : { ...configuration, accepts: accepts.filter(name => taken.includes(name)) };
}
