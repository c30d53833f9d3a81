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

/**
 * The rooms within a package, or within `lab`, on its floors from top to bottom: a room is a folder of `src`, or a file beside the
 * folders. A room imports from the floors below it alone. A package that is not here is one room.
 */
export const FLOORS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  protocols: [['index'], ['drsuapi', 'epm', 'ntlm'], ['dcerpc', 'ndr']],
  contract: [['index'], ['openapi'], ['tenant', 'connect'], ['http'], ['common']],
  'active-directory': [
    ['index'],
    ['commands'],
    ['replication'],
    ['account'],
    ['import', 'directory-identity', 'metadata'],
  ],
  connect: [
    ['index'],
    ['doctor'],
    ['commands'],
    ['run'],
    ['admin'],
    ['sync'],
    ['passwords', 'objects', 'heads'],
    ['domain-controller', 'pairing'],
    ['context'],
    ['store', 'tenant'],
    ['configuration', 'user-account-control'],
  ],
  tenant: [
    ['index'],
    ['commands'],
    ['start-tenant'],
    ['server'],
    ['api'],
    ['sign-in', 'feed', 'provisioning'],
    ['people', 'clients'],
    ['changes'],
    ['tenancy'],
    ['database'],
    ['configuration'],
  ],
  'domain-services': [
    ['index'],
    ['commands'],
    ['run'],
    ['feed', 'admin', 'creation'],
    ['apply', 'heads', 'registration'],
    ['administrators', 'pairing', 'directory'],
    ['ledger'],
    ['names'],
    ['configuration', 'places', 'person', 'refusals'],
  ],
  lab: [
    ['main', 'bench', 'e2e'],
    ['demo', 'run', 'tutorial'],
    ['places', 'powershell'],
    ['domains', 'check-layers'],
    ['check-floors', 'peers'],
    ['layers', 'imports', 'disk', 'progress'],
  ],
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
