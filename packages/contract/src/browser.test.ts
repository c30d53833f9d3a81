import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

// What a browser lacks: Node's modules, and what Node adds to the web's global scope.
const BROWSER = `
import { builtinModules, registerHooks } from 'node:module';
const stdout = process.stdout;
registerHooks({
  resolve(specifier, context, next) {
    if (specifier.startsWith('node:') || builtinModules.includes(specifier))
      throw new Error(context.parentURL + ' imports ' + specifier);
    return next(specifier, context);
  },
});
for (const name of ['process', 'Buffer', 'global', 'setImmediate', 'clearImmediate', 'fetch', 'crypto', 'WebSocket'])
  delete globalThis[name];
`;

function inBrowser(program: string) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', `${BROWSER}${program}`],
    { encoding: 'utf8' },
  );
  return { status, stdout, stderr };
}

const CONTRACT = JSON.stringify(import.meta.resolve('./index.ts'));

test('the contract runs without anything of Node, and uses neither the network nor randomness', () => {
  const { status, stdout, stderr } = inBrowser(`
    const { apis, openApiDocument, requestPath } = await import(${CONTRACT});
    const routes = Object.values(apis).flatMap(({ routes }) => routes.flatMap(table => Object.values(table)));
    for (const name of Object.keys(apis)) openApiDocument(name, '1.2.3');
    for (const { body } of routes) body?.safeParse({});
    const params = new Proxy({}, { get: () => 'a/b' });
    stdout.write(String(routes.filter(route => requestPath(route, { params }).includes('a%2Fb')).length > 5));
  `);
  assert.equal(stderr, '');
  assert.deepEqual([status, stdout], [0, 'true']);
});

test('finds an imported Node module, however deep', () => {
  const deep = (source: string) => `data:text/javascript,${encodeURIComponent(source)}`;
  const importer = deep(`import ${JSON.stringify(deep("import 'node:path'"))}`);
  const { status, stderr } = inBrowser(`await import(${JSON.stringify(importer)});`);
  assert.notEqual(status, 0);
  assert.match(stderr, /imports node:path/);
});
