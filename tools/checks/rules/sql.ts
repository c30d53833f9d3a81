import { lineOf, type SourceFile } from '../project.ts';
import type { Finding, Rule } from '../rule.ts';

/** How a statement begins: in capitals, as we write it. */
const STATEMENT =
  /^\s*(?:SELECT|INSERT|REPLACE INTO|UPDATE \w+ SET|DELETE FROM|WITH \w+|(?:CREATE|ALTER|DROP) [A-Z]+|PRAGMA|BEGIN|COMMIT|ROLLBACK|VACUUM)\b/;
/** Kysely's builders, and those of a tenant's scope. */
const BUILDER =
  /\bsql(?:<[^`]*?>)?`|\.(?:selectFrom|insertInto|updateTable|deleteFrom)\(|\b(?:scope|\w+Scope)\s*\.(?:select|insert|update|delete)\(/g;

const rooms = (who: string, because: string) => ({ who, because });

export const SQL: Rule = {
  name: 'sql',
  says: 'SQL stands in its rooms: `store` of Connect, `ledger` of Domain Services, the rooms of the tenant from `sign-in` downwards, and the files of `service` that keep state.',
  permissions: [
    rooms('packages/service/src/state-{database,lock}.ts', 'what every SQLite file has'),
    rooms('packages/service/src/bulk/*.ts', 'the book that Connect and Domain Services keep alike'),
    rooms('packages/connect/src/store/**/*.ts', "Connect's file, a table each"),
    rooms('packages/domain-services/src/ledger/**/*.ts', 'the ledger'),
    ...[
      'database',
      'tenancy',
      'changes',
      'losses',
      'clients',
      'people',
      'provisioning',
      'comparison',
      'feed',
      'sign-in',
    ].map(room => rooms(`packages/tenant/src/${room}/*.ts`, 'each query begins with the scope of a tenant')),
    rooms('lab/disk.ts', 'reads what is left on a disk that failed'),
  ],
  find: ({ files }) =>
    files
      .filter(({ isTest }) => !isTest)
      .flatMap(statements)
      .map(finding => ({
        ...finding,
        why: `${finding.why} outside of its rooms: give the room of the table a function, and call it`,
      })),
};

/** The places where a file uses SQL. */
export function statements(file: SourceFile): Finding[] {
  const lines = [
    ...file.texts.filter(({ text }) => STATEMENT.test(text)).map(({ line }) => line),
    ...[...file.code.matchAll(BUILDER)].map(match => lineOf(file, match.index)),
  ];
  return lines.map(line => ({
    ...{ who: file.path, at: `${file.path}:${line}` },
    why: 'SQL is spoken',
  }));
}
