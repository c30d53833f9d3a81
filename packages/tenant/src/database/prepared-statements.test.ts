import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { PGlite } from '@electric-sql/pglite';
import { preparing } from './prepared-statements.ts';

const MOST = 20;
const database = await PGlite.create();
const { execProtocolStream } = database;
let parsed = 0;
database.execProtocolStream = preparing((message, options) => {
  if (message[0] === 'P'.charCodeAt(0)) parsed += 1;
  return execProtocolStream.call(database, message, options);
}, MOST);
after(() => database.close());

const parsedBy = async (work: () => Promise<unknown>): Promise<number> => {
  parsed = 0;
  await work();
  return parsed;
};

test('a statement is parsed once, and answers each time for what it is asked', async () => {
  await database.exec('CREATE TABLE words (n int PRIMARY KEY, word text)');
  const insert = (n: number, word: string | null) =>
    database.query('INSERT INTO words VALUES ($1, $2) RETURNING word', [n, word]);
  const words = async (least: number) =>
    (
      await database.query<{ word: string | null }>('SELECT word FROM words WHERE n >= $1 ORDER BY n', [
        least,
      ])
    ).rows.map(({ word }) => word);
  const all = async () => {
    assert.deepEqual((await insert(1, 'ä')).rows, [{ word: 'ä' }]);
    assert.deepEqual((await insert(2, null)).rows, [{ word: null }]);
    for (let i = 0; i < 10; i++)
      assert.deepEqual(await words(i % 4), ['ä', null].slice(Math.max(0, (i % 4) - 1)));
  };
  assert.equal(await parsedBy(all), 2);
  assert.equal((await database.query('DELETE FROM words')).affectedRows, 2);
});

test('after an error, and in a transaction that it ended, a statement is what it was', async () => {
  await database.exec('CREATE TABLE few (n int PRIMARY KEY)');
  const insert = (n: number) => database.query('INSERT INTO few VALUES ($1)', [n]);
  await insert(1);
  await assert.rejects(insert(1), /duplicate key/);
  await assert.rejects(database.query('SELECT * FROM nowhere'), /does not exist/);
  await assert.rejects(database.query('SELECT * FROM nowhere'), /does not exist/);
  await database.exec('CREATE TABLE nowhere (n int)');
  assert.deepEqual((await database.query('SELECT * FROM nowhere')).rows, []);
  await assert.rejects(
    database.transaction(async inside => {
      await assert.rejects(inside.query('INSERT INTO few VALUES ($1)', [1]), /duplicate key/);
      await inside.query('INSERT INTO few VALUES ($1)', [2]);
    }),
    /transaction is aborted/,
  );
  await insert(2);
  assert.deepEqual((await database.query('SELECT n FROM few ORDER BY n')).rows, [{ n: 1 }, { n: 2 }]);
});

test('an answer whose columns became others is an error once, and never read as what it was', async () => {
  await database.exec('CREATE TABLE changing (n int); INSERT INTO changing VALUES (1)');
  const read = () => database.query('SELECT * FROM changing');
  assert.deepEqual((await read()).rows, [{ n: 1 }]);
  await database.exec("ALTER TABLE changing ADD COLUMN word text DEFAULT 'new'");
  await assert.rejects(read(), /cached plan must not change result type/);
  assert.deepEqual((await read()).rows, [{ n: 1, word: 'new' }]);
});

test('of statements beyond the most none is kept, and each is answered', async () => {
  const all = async () => {
    for (let n = 0; n < MOST + 5; n++)
      assert.deepEqual((await database.query(`SELECT ${n} AS n`)).rows, [{ n }]);
  };
  assert.equal(await parsedBy(all), MOST + 5);
  const again = await parsedBy(all);
  assert.ok(again >= 5 && again < MOST, `${again} were parsed again`);
});
