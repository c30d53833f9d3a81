import { CALLERS, type Route } from '@causeway/contract';
import { code, list, page, paragraph, plain, sentence } from './markdown.ts';

export interface Api {
  readonly title: string;
  readonly routes: readonly Readonly<Record<string, Route>>[];
}

/** Every route of every API: who may call it, and what it does. */
export function routesPage(apis: Readonly<Record<string, Api>>): string {
  return page(
    'Routes',
    paragraph(
      'Every route of every API, from the contracts that servers and clients share. `causeway openapi connect`, `causeway openapi tenant` and `causeway openapi domain` print the whole contract, with the schemas of requests and answers, as an OpenAPI document. Sign-in by OpenID Connect is described by the document at `/t/NAME/.well-known/openid-configuration` of the tenant.',
    ),
    'Who may call a route stands in brackets:',
    list(Object.entries(CALLERS).map(([access, who]) => `*${access}*: ${who}.`)),
    ...Object.values(apis).flatMap(({ title, routes }) => [
      `## ${title}`,
      list(routes.flatMap(table => Object.values(table)).map(routeRow)),
    ]),
  );
}

const routeRow = ({ method, path, summary, access }: Route): string =>
  `${code(`${method} ${path}`)} (${access.join(', ')}): ${sentence(plain(summary))}`;
