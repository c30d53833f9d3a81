/** Who may import whom; arrows go down only. A package that is not here is an error. */
export const LAYERS: Record<string, readonly string[]> = {
  wire: [],
  contract: ['wire'],
  service: ['wire'],
  credentials: ['wire'],
  protocols: ['wire', 'credentials'],
  records: ['wire', 'credentials'],
  ldap: ['wire'],
  'active-directory': ['protocols', 'credentials', 'ldap', 'wire', 'service'],
  samba: ['service'],
  connect: ['active-directory', 'ldap', 'wire', 'credentials', 'records', 'contract', 'service'],
  tenant: ['wire', 'credentials', 'records', 'contract', 'service'],
  'domain-services': ['samba', 'ldap', 'wire', 'credentials', 'records', 'contract', 'service'],
  powershell: ['service'],
  portal: ['contract'],
  cli: ['active-directory', 'connect', 'contract', 'domain-services', 'powershell', 'service', 'tenant'],
};

/** These do no I/O, read no clock and make no randomness: every byte of theirs can be tested and fuzzed. */
export const PURE: readonly string[] = ['wire', 'credentials', 'protocols'];

/** What of Node a pure package may use: computing, nothing else. */
export const PURE_MODULES: readonly string[] = ['node:buffer', 'node:crypto', 'node:util', 'node:zlib'];

/** What a pure package may not say; each with the reason. */
export const IMPURE: readonly { pattern: RegExp; why: string }[] = [
  { pattern: /\bDate\.now\b|\bnew Date\(\)|\bperformance\b|\bhrtime\b/, why: 'reads a clock' },
  {
    pattern: /\bMath\.random\b|\brandom(Bytes|UUID|Int|Fill|FillSync)\b|\bgetRandomValues\b/,
    why: 'makes randomness',
  },
  { pattern: /\bgenerateKey(Pair)?(Sync)?\b/, why: 'makes randomness' },
  { pattern: /\bset(Timeout|Interval|Immediate)\b/, why: 'waits' },
  { pattern: /\bprocess\.|\bconsole\.|\bfetch\(/, why: 'does I/O' },
];
