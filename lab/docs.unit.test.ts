import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createProgram } from '@causeway/cli';
import { ConnectConfiguration, ConnectorConfiguration } from '@causeway/connect';
import { DomainConfiguration } from '@causeway/domain-services';
import { TenantConfiguration } from '@causeway/tenant/testing';
import type { Command } from 'commander';

const root = fileURLToPath(new URL('..', import.meta.url));
const operations = readFileSync(join(root, 'docs/operations.md'), 'utf8');

test('docs/operations.md names every key of every configuration', () => {
  for (const schema of [
    ConnectConfiguration,
    ConnectorConfiguration,
    TenantConfiguration,
    DomainConfiguration,
  ]) {
    for (const key of Object.keys(schema.shape))
      assert.ok(operations.includes(`\`${key}\``), `'${key}' is not told`);
  }
});

test('docs/operations.md names every command', async () => {
  const leaves = (command: Command, path: string): string[] =>
    command.commands.length === 0
      ? [path]
      : command.commands.flatMap(child => leaves(child, `${path} ${child.name()}`));
  for (const leaf of leaves(await createProgram(), 'causeway')) {
    const words = leaf.split(' ').slice(1);
    const short = words.slice(1).join(' ');
    assert.ok(operations.includes(leaf) || operations.includes(`\`${short}`), `'${leaf}' is not told`);
  }
});

test('every link between the documents leads somewhere', () => {
  const documents = [
    ...readdirSync(root).filter(name => name.endsWith('.md')),
    ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
      .filter(name => name.endsWith('.md'))
      .map(name => join('docs', name)),
  ];
  for (const document of documents) {
    for (const [, link = ''] of readFileSync(join(root, document), 'utf8').matchAll(/\]\(([^)#]+)[^)]*\)/g)) {
      if (/^https?:/.test(link)) continue;
      assert.ok(existsSync(join(root, dirname(document), link)), `${document} links to ${link}`);
    }
  }
});
