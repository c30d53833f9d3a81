import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import * as contract from './index.ts';

const { apis, openApiDocument } = contract;
type ApiName = contract.ApiName;
type Route = contract.Route;

interface Operation {
  operationId: string;
  security: unknown[];
  parameters?: { name: string; in: string; required: boolean }[];
  requestBody?: { content: { 'application/json': { schema: object } } };
  responses: Record<string, { content: { 'application/json': { schema: object } } }>;
}
interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object>; securitySchemes: object; responses: Record<string, object> };
}

const documentOf = (name: ApiName) => JSON.parse(JSON.stringify(openApiDocument(name, '1.2.3'))) as Document;

function* references(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, each] of Object.entries(value)) {
    if (key === '$ref') yield each as string;
    else yield* references(each);
  }
}

for (const name of Object.keys(apis) as ApiName[]) {
  const document = documentOf(name);
  const routes: [string, Route][] = apis[name].routes.flatMap(table => Object.entries<Route>(table));

  test(`the OpenAPI document of ${name} has each route of its tables, and nothing else`, () => {
    assert.match(document.openapi, /^3\.1\./);
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(
        ([method, { operationId }]) => `${method.toUpperCase()} ${path} ${operationId}`,
      ),
    );
    const expected = routes.map(
      ([id, { method, path }]) => `${method} ${path.replace(/:([a-zA-Z]+)/g, '{$1}')} ${id}`,
    );
    assert.deepEqual(operations.sort(), expected.sort());
    assert.equal(new Set(routes.map(([id]) => id)).size, routes.length, 'an operation id is used once');
  });

  test(`the OpenAPI document of ${name} describes every path parameter, and every reference resolves`, () => {
    for (const [path, methods] of Object.entries(document.paths)) {
      const inPath = [...path.matchAll(/\{([a-zA-Z]+)\}/g)].map(([, each]) => each);
      for (const { parameters = [] } of Object.values(methods)) {
        const told = parameters.filter(each => each.in === 'path');
        assert.deepEqual(told.map(each => each.name).sort(), inPath.sort(), path);
        assert.ok(told.every(each => each.required));
      }
    }
    const all = [...references(document)];
    assert.ok(all.length > 0);
    for (const reference of all) {
      const found = reference
        .slice(2)
        .split('/')
        .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], document);
      assert.ok(reference.startsWith('#/') && found !== undefined, reference);
    }
  });

  test(`the OpenAPI document of ${name} describes every query parameter, named schema or not`, () => {
    for (const [, { method, path, query }] of routes) {
      const { parameters = [] } =
        document.paths[path.replace(/:([a-zA-Z]+)/g, '{$1}')]![method.toLowerCase()]!;
      const told = parameters.filter(each => each.in === 'query').map(each => each.name);
      assert.deepEqual(told, Object.keys((query as z.ZodObject | undefined)?.shape ?? {}), path);
    }
  });

  test(`each route of ${name} that is neither public nor local requires a token`, () => {
    for (const [, { method, path, access }] of routes) {
      const { security } = document.paths[path.replace(/:([a-zA-Z]+)/g, '{$1}')]![method.toLowerCase()]!;
      assert.equal(security.length > 0, !access.includes('public') && !access.includes('local'), path);
    }
  });
}

test('every route table of the contract belongs to an API', () => {
  const routes = Object.values(apis).flatMap(api => api.routes.flatMap(table => Object.values<Route>(table)));
  for (const [name, value] of Object.entries(contract)) {
    if (!/Routes$/.test(name)) continue;
    for (const route of Object.values(value as Record<string, Route>))
      assert.ok(routes.includes(route), `${route.path} of ${name}`);
  }
});

test('the schemas accept a valid body and reject an invalid one, as the contract does', () => {
  const document = documentOf('connect');
  const { schema } = document.paths['/api/v1/password-sync']!.put!.requestBody!.content['application/json'];
  const $defs = document.components.schemas;
  const text = JSON.stringify({ ...schema, $defs }).replaceAll('#/components/schemas/', '#/$defs/');
  const parsed = z.fromJSONSchema(JSON.parse(text));
  const body = { sourceConnector: 'a', targetConnector: 'b', enabled: true };
  assert.ok(parsed.safeParse(body).success);
  for (const wrong of [
    { ...body, enabled: 'yes' },
    { ...body, more: 1 },
    {},
    { ...body, sourceConnector: '' },
  ])
    assert.equal(parsed.safeParse(wrong).success, false, JSON.stringify(wrong));
});
