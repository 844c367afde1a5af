/** One row per room of the house: what its files may reach for. */
export interface Room {
  /** A folder (`src/x509/`), the files that lie directly in a folder (`sidecar/*`), or one file. */
  readonly path: string
  /** How messages name it. */
  readonly name: string
  /** Rooms by their `path`, or single files, that it may import besides its own. */
  readonly rooms: readonly string[] | 'any'
  readonly packages: readonly string[] | 'any'
  readonly builtins: keyof typeof BUILTINS
  readonly globals: keyof typeof FORBIDDEN_GLOBALS
}

/** Modules of Node by temper. `pure` lists what is allowed, `effects` what is not. */
export const BUILTINS = {
  pure: { only: ['node:buffer', 'node:crypto', 'node:util'] },
  effects: { except: ['node:console', 'node:perf_hooks', 'node:process', 'node:timers'] },
  any: { except: [] },
} as const satisfies Record<string, { only: readonly string[] } | { except: readonly string[] }>

const TIME = ['Date()', 'Date.now', 'new Date()', 'performance', 'setInterval', 'setTimeout']

/**
 * Globals by temper. Pure rooms get instants and the world as arguments; rooms with effects get
 * time and the process from `Io` and `Clock`, so that tests can pass their own.
 */
export const FORBIDDEN_GLOBALS = {
  pure: [
    ...TIME,
    ...['AbortSignal.timeout', 'Math.random', 'console', 'fetch', 'globalThis', 'process'],
    'setImmediate',
  ],
  effects: [
    ...TIME,
    ...['argv', 'env', 'exit', 'exitCode', 'stderr', 'stdin', 'stdout'].map((x) => `process.${x}`),
    ...['console', 'globalThis'],
  ],
  any: [],
} as const

const GROUND = ['src/errors.ts', 'src/secret.ts', 'src/log.ts', 'src/clock.ts', 'src/version.ts']
const FLOOR_1 = ['src/protocol/', 'src/x509/']
const FLOOR_2 = ['src/session/', 'src/config/', 'src/cache/', 'src/credentials-file/', 'src/ecr/']
const APART = ['src/pki/', 'src/emulator/']
const ROOF = [
  'bin',
  'bin-credential-process',
  'standard-output',
  'bin-ecr',
  'bin-sidecar',
  'entry',
  'run-process',
].map((x) => `src/${x}.ts`)
/** What every user of the package sees. The sidecar is its first, and sees no more. */
const LIBRARY = ['src/index.ts', ...GROUND]
/** What the command of a long-running front end also needs: settings, and to be a command. */
const COMMAND = [
  'src/config/',
  ...['command', 'command-log', 'setting-flags'].map((x) => `src/cli/${x}.ts`),
]
/** Commands of the credential server, and the files that read their flags. */
const SERVER_COMMANDS = ['command', 'exec-command'].map((x) => `sidecar/server/${x}.ts`)
const SERVER_FLAGS = ['refresh-flags', 'serve-options'].map((x) => `sidecar/server/${x}.ts`)

/** Commands of the injector, and the file that checks settings as `serve` reads them. */
const INJECTOR_COMMANDS = ['inject-command', 'settings/setting-checks'].map(
  (x) => `sidecar/injector/${x}.ts`,
)

const PURE = { builtins: 'pure', globals: 'pure' } as const
const EFFECTS = { builtins: 'effects', globals: 'effects' } as const
const FREE = { builtins: 'any', globals: 'any', packages: 'any' } as const

/** The dependency direction of docs/architecture.md. The row whose path fits best counts. */
export const ROOMS: readonly Room[] = [
  ...GROUND.map((path) => ({ path, name: 'the ground', rooms: GROUND, packages: [], ...PURE })),
  {
    path: 'src/system-clock.ts',
    name: 'the system clock',
    rooms: GROUND,
    ...FREE,
    packages: [],
  },
  {
    path: 'src/protocol/',
    name: 'floor 1',
    rooms: GROUND,
    packages: ['@aws-crypto/sha256-js', '@smithy/signature-v4', '@smithy/types'],
    ...PURE,
  },
  {
    path: 'src/x509/',
    name: 'floor 1',
    rooms: [...GROUND, 'src/protocol/'],
    packages: ['@noble/post-quantum', 'node-forge'],
    ...PURE,
  },
  {
    path: 'src/files/',
    name: 'src/files',
    rooms: GROUND,
    packages: [],
    ...EFFECTS,
  },
  {
    path: 'src/session/',
    name: 'floor 2',
    rooms: [...GROUND, ...FLOOR_1, 'src/pkcs11/', 'src/system-clock.ts'],
    packages: ['@smithy/types', 'https-proxy-agent'],
    ...EFFECTS,
  },
  {
    path: 'src/pkcs11/',
    name: 'floor 2',
    rooms: [...GROUND, ...FLOOR_1],
    packages: ['pkcs11js'],
    ...EFFECTS,
  },
  {
    path: 'src/config/',
    name: 'floor 2',
    rooms: [...GROUND, ...FLOOR_1, 'src/session/'],
    packages: ['@smithy/shared-ini-file-loader'],
    ...EFFECTS,
  },
  {
    path: 'src/cache/',
    name: 'floor 2',
    rooms: [...GROUND, ...FLOOR_1, 'src/session/', 'src/files/'],
    packages: [],
    ...EFFECTS,
  },
  {
    path: 'src/credentials-file/',
    name: 'floor 2',
    rooms: [...GROUND, ...FLOOR_1, 'src/session/', 'src/config/', 'src/files/'],
    packages: [],
    ...EFFECTS,
  },
  {
    path: 'src/ecr/',
    name: 'floor 2',
    rooms: [...GROUND, ...FLOOR_1, 'src/session/', 'src/cache/'],
    packages: ['@aws-crypto/sha256-js', '@smithy/signature-v4', '@smithy/types'],
    ...EFFECTS,
  },
  {
    // Between floor 2, which it looks into, and the command that shows what it found.
    path: 'src/doctor/',
    name: 'the doctor',
    rooms: [...GROUND, ...FLOOR_1, 'src/session/', 'src/config/', 'src/ecr/'],
    packages: ['@smithy/shared-ini-file-loader'],
    ...EFFECTS,
  },
  {
    path: 'src/index.ts',
    name: 'the public API',
    rooms: [...GROUND, ...FLOOR_1, ...FLOOR_2, 'src/system-clock.ts'],
    packages: [],
    ...EFFECTS,
  },
  {
    path: 'src/cli/',
    name: 'floor 3',
    rooms: [
      ...GROUND,
      ...FLOOR_1,
      ...FLOOR_2,
      'src/pkcs11/',
      ...APART,
      'src/doctor/',
      'src/index.ts',
    ],
    packages: [],
    ...EFFECTS,
  },
  {
    // Completion is made from the table of commands; the table loads it with import() alone.
    path: 'src/cli/completion.ts',
    name: 'the command completion',
    rooms: ['src/cli/', 'src/commands.ts', ...GROUND],
    packages: [],
    ...EFFECTS,
  },
  {
    path: 'src/commands.ts',
    name: 'the command table',
    rooms: [
      'src/cli/',
      'src/cli/completion.ts',
      ...SERVER_COMMANDS,
      ...INJECTOR_COMMANDS,
      'sidecar/injector/webhook/command.ts',
      'sidecar/pull-secrets/command.ts',
    ],
    packages: [],
    ...EFFECTS,
  },
  ...ROOF.map((path) => ({ path, name: 'the roof', rooms: 'any' as const, ...FREE, packages: [] })),
  {
    path: 'src/pki/',
    name: 'src/pki',
    rooms: [...GROUND, 'src/files/make-folders.ts'],
    packages: ['@peculiar/x509', 'node-forge', 'reflect-metadata'],
    ...EFFECTS,
  },
  {
    // Nothing of the signer's, not even its SigV4 library: a shared mistake would verify.
    path: 'src/emulator/',
    name: 'the emulator',
    rooms: [...GROUND, 'src/system-clock.ts', 'src/pki/'],
    packages: ['@peculiar/asn1-schema', '@peculiar/asn1-x509', 'express'],
    ...EFFECTS,
  },
  { path: 'sidecar/*', name: 'the sidecar', rooms: LIBRARY, packages: ['express'], ...EFFECTS },
  {
    path: 'sidecar/server/',
    name: 'sidecar/server',
    rooms: [...LIBRARY, 'sidecar/*'],
    packages: [],
    ...EFFECTS,
  },
  ...[...SERVER_COMMANDS, ...SERVER_FLAGS].map((path) => ({
    path,
    name: 'a command of the server',
    rooms: [...LIBRARY, ...COMMAND, ...SERVER_FLAGS, 'sidecar/*', 'sidecar/server/'],
    packages: [],
    ...EFFECTS,
  })),
  {
    path: 'sidecar/kube/',
    name: 'sidecar/kube',
    rooms: LIBRARY,
    packages: ['@kubernetes/client-node'],
    ...EFFECTS,
  },
  {
    path: 'sidecar/injector/',
    name: 'sidecar/injector',
    rooms: [...LIBRARY, 'sidecar/*', 'sidecar/injector/settings/setting-checks.ts'],
    packages: ['rfc6902', 'yaml'],
    ...PURE,
  },
  {
    path: 'sidecar/injector/webhook/',
    name: 'the webhook',
    rooms: [
      ...[...LIBRARY, 'sidecar/*', 'sidecar/injector/', 'sidecar/kube/'],
      'sidecar/injector/webhook/certificates/make-pair.ts',
    ],
    packages: [],
    ...EFFECTS,
  },
  {
    // Certificates of its own for the API server: not those of Roles Anywhere, but made alike.
    path: 'sidecar/injector/webhook/certificates/make-pair.ts',
    name: 'the webhook',
    rooms: [...LIBRARY, 'sidecar/injector/webhook/', 'src/pki/'],
    packages: [],
    ...EFFECTS,
  },
  {
    path: 'sidecar/injector/webhook/command.ts',
    name: 'the command of the webhook',
    rooms: [
      ...[...LIBRARY, ...COMMAND, 'sidecar/*', 'sidecar/injector/', 'sidecar/kube/'],
      'sidecar/injector/webhook/',
    ],
    packages: [],
    ...EFFECTS,
  },
  ...INJECTOR_COMMANDS.map((path) => ({
    path,
    name: 'a command of the injector',
    rooms: [...LIBRARY, ...COMMAND, 'sidecar/*', 'sidecar/injector/'],
    packages: [],
    ...EFFECTS,
  })),
  {
    path: 'sidecar/pull-secrets/',
    name: 'sidecar/pull-secrets',
    rooms: [...LIBRARY, 'sidecar/*', 'sidecar/kube/'],
    packages: [],
    ...EFFECTS,
  },
  {
    path: 'sidecar/pull-secrets/command.ts',
    name: 'the command of the pull secrets',
    rooms: [
      ...[...LIBRARY, ...COMMAND, 'sidecar/*', 'sidecar/kube/', 'sidecar/pull-secrets/'],
      ...['src/cli/ecr-settings.ts', 'src/cli/ecr-tokens.ts'],
    ],
    packages: [],
    ...EFFECTS,
  },
  { path: 'examples/demo/', name: 'the demo', rooms: [...LIBRARY, ...APART], ...FREE },
  { path: 'examples/infrastructure/', name: 'the AWS side', rooms: [], ...FREE },
  { path: 'examples/infrastructure/test/', name: 'its tests', rooms: 'any', ...FREE },
  { path: 'examples/s3-bucket-lister/', name: 'the example', rooms: [], ...FREE },
  {
    path: 'tools/',
    name: 'tools',
    rooms: [...GROUND, 'src/config/', 'src/cli/', 'src/cli/completion.ts', 'src/commands.ts'],
    ...FREE,
  },
  { path: 'certs/', name: 'certs', rooms: [], ...FREE },
  { path: 'bench/', name: 'bench', rooms: 'any', ...FREE },
  { path: 'test/', name: 'tests', rooms: 'any', ...FREE },
]

/** Packages that stay in one place of the rooms that may import them. Tests may import them all. */
export const CONFINED: readonly { readonly package: string; readonly files: RegExp }[] = [
  { package: '@kubernetes/client-node', files: /^sidecar\/kube\/connection\.ts$/ },
  { package: 'express', files: /(^|[/-])app\.ts$/ },
  { package: 'node-forge', files: /(^|[/-])pkcs12\.ts$/ },
  { package: 'pkcs11js', files: /^src\/pkcs11\/module\.ts$/ },
  { package: '@noble/post-quantum', files: /^src\/x509\/keys\/ml-dsa\.ts$/ },
]

/** Files that only the build makes, by the one who loads them. */
export const BUILT: Readonly<Record<string, readonly string[]>> = {
  'src/entry.ts': ['./credential-process.cjs', './ecr.cjs', './main.cjs', './sidecar.cjs'],
}

/** Files from which the packages of {@link HEAVY} are not reached before the first `import()`. */
export const LIGHT = [
  'src/bin.ts',
  'src/bin-credential-process.ts',
  'src/bin-ecr.ts',
  'src/bin-sidecar.ts',
  'src/cli/credential-process.ts',
  'src/index.ts',
]

/** Packages that cost start-up time: the AWS CLI starts `credential-process` once per call. */
export const HEAVY = [
  '@kubernetes/client-node',
  '@noble/post-quantum',
  '@peculiar/asn1-schema',
  '@peculiar/asn1-x509',
  '@peculiar/x509',
  'express',
  'https-proxy-agent',
  'node-forge',
  'pkcs11js',
  'reflect-metadata',
]

const CLUSTER = ['sidecar/injector/', 'sidecar/kube/', 'sidecar/pull-secrets/']

/**
 * Rooms that a bundle has nothing of, by the file that it starts with. A bundle holds what is loaded on
 * demand, too: it would be read at every start, and stay in the memory of a sidecar.
 */
export const LEFT_OUT: Readonly<Record<string, readonly string[]>> = {
  'src/bin-credential-process.ts': [
    ...APART,
    ...CLUSTER,
    'sidecar/server/',
    'src/doctor/',
    'src/ecr/',
  ],
  'src/bin-ecr.ts': [...APART, ...CLUSTER, 'sidecar/server/', 'src/doctor/'],
  'src/bin-sidecar.ts': [...APART, ...CLUSTER, 'src/doctor/'],
}
