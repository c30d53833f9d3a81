import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSource } from './source.ts';

const specifiers = (source: string) => readSource(source).imports.map(({ specifier }) => specifier);

test('ignores words that look like an import', () => {
  assert.deepEqual(specifiers("const a = 'from: ' + b + ' from ';\nconst c = `import x from 'y'`;\n"), []);
  assert.deepEqual(specifiers("// import x from 'y';\n/*\nimport x from 'y';\n*/\n"), []);
});

test('blanks comments and texts, keeps code between the texts of a template, and keeps every offset and line', () => {
  const source = [
    "const a = 'b\\'b'; // b",
    '/* b',
    ' */ const c = `b $' + '{e({ f: `b$' + '{h}` })} b`; const j = "b";',
  ].join('\n');
  const { code, texts } = readSource(source);
  assert.equal(code.length, source.length);
  assert.equal(code.split('\n').length, 3);
  assert.deepEqual(code.match(/\w+/g), ['const', 'a', 'const', 'c', 'e', 'f', 'h', 'const', 'j']);
  assert.deepEqual(
    texts.map(({ text, line }) => `${line} ${text}`),
    ["1 b\\'b", '3 b ', '3 b', '3 ', '3  b', '3 b'],
  );
});

test('a quote in a regular expression opens no text, and a division is no regular expression', () => {
  const source = "const a = /['\"`/*]/g.test(b) ? c / d / e : f;\nconst g = 'h';";
  assert.deepEqual(readSource(source).texts, [{ text: 'h', line: 2 }]);
  assert.match(readSource(source).code, /\? c \/ d \/ e : f;/);
});

test('tells an import of types from one at run time', () => {
  const source =
    "import type { A } from './a.ts';\nimport { type B, c } from './b.ts';\nexport type { D } from './d.ts';";
  assert.deepEqual(
    readSource(source).imports.map(({ isType }) => isType),
    [true, false, true],
  );
});
