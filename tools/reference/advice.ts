import type { ErrorPart } from './errors.ts';

/** What the PowerShell module advises by the code of an error, as a C# file: one table says what to do, here and there. */
export function adviceSource(parts: readonly Pick<ErrorPart, 'errors'>[]): string {
  const rows = parts
    .flatMap(({ errors }) => Object.entries(errors))
    .sort(([one], [other]) => (one < other ? -1 : 1))
    // The escapes of JSON are among those of C#.
    .map(([code, { todo }]) => `        [${JSON.stringify(code)}] = ${JSON.stringify(todo)},\n`);
  return `// Made by \`npm run reference\` from packages/service/src/errors.
using System.Collections.Generic;

namespace Causeway.ADSync.Cmdlets;

/// <summary>What the administrator does about an error, by its code.</summary>
internal static class Advice
{
    public static readonly Dictionary<string, string> Of = new Dictionary<string, string>
    {
${rows.join('')}    };
}
`;
}
