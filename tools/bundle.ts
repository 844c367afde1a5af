import { chmod, copyFile, readFile, rm } from 'node:fs/promises'
import { build, type BuildOptions, type Plugin } from 'esbuild'

/**
 * Makes the published command: one file with this project's own code, one each with
 * what a few commands need of it, and one for each library that only some commands need. It starts
 * in a fraction of the time that Node takes to find and read hundreds of modules, and the image needs
 * no node_modules.
 *
 * CommonJS, because Node starts it faster than ES modules.
 */
const OUT = 'dist/bin'

/** Libraries that stay out of the main file. Whatever `credential-process` needs is inside it. */
const LAZY_LIBRARIES: Readonly<Record<string, string>> = {
  '@kubernetes/client-node': 'kubernetes-client',
  express: 'express',
  'node-forge': 'node-forge',
  'reflect-metadata': 'reflect-metadata',
  '@peculiar/x509': 'peculiar-x509',
  '@peculiar/asn1-schema': 'peculiar-asn1-schema',
  '@peculiar/asn1-x509': 'peculiar-asn1-x509',
  '@noble/post-quantum/ml-dsa.js': 'noble-ml-dsa',
  'https-proxy-agent': 'https-proxy-agent',
  '@smithy/shared-ini-file-loader': 'shared-ini-file-loader',
  yaml: 'yaml',
}

/** Of libraries that are large as a whole: what is used of them, so that the rest stays out. */
const USED: Readonly<Record<string, readonly string[]>> = {
  '@kubernetes/client-node': ['KubeConfig'],
}

/** Content types that Express is asked to complete. It knows a thousand, in a megabyte of memory. */
const CONTENT_TYPES = ['application/json', 'text/html', 'text/plain']

const shared = {
  outdir: OUT,
  outExtension: { '.js': '.cjs' },
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20.19',
  // Native and optional: found beside the program, where the user installed it.
  external: ['pkcs11js'],
  // As `require`: the loader of ES modules takes longer to start than what it would load.
  supported: { 'dynamic-import': false },
  // Modules can be cut down to what is used; the CommonJS builds of the same libraries cannot.
  mainFields: ['module', 'main'],
  // Names stay as they are: error reports and heap snapshots of the image should be readable.
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'linked',
  logLevel: 'warning',
} as const satisfies BuildOptions

/**
 * Turns the import of a lazy library into one of its own file, so that there is one copy of it even
 * when another library uses it, too.
 *
 * @param folder Where the libraries lie, seen from the file that is built.
 */
const lazyLibraries = (folder: string): Plugin => ({
  name: 'lazy-libraries',
  setup(setup) {
    setup.onResolve({ filter: /^[^.]/ }, ({ path, kind }) => {
      const file = kind === 'entry-point' ? undefined : LAZY_LIBRARIES[path]
      return file === undefined ? undefined : { path: `${folder}/${file}.cjs`, external: true }
    })
  },
})

/** Express without what nothing here asks it for: reading bodies, and most content types. */
const leanExpress: Plugin = {
  name: 'lean-express',
  setup(setup) {
    setup.onLoad({ filter: /\/body-parser\/index\.js$/ }, () => ({ contents: '' }))
    setup.onLoad({ filter: /\/mime-db\/db\.json$/ }, async ({ path }) => {
      const known = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>
      const used = Object.fromEntries(CONTENT_TYPES.map((type) => [type, known[type]]))
      return { contents: JSON.stringify(used), loader: 'json' }
    })
  },
}

/**
 * Parts of `credential-process` that a call which finds a session in the cache needs nothing of: files of
 * their own, so that they are not even read. Each is loaded by an `import()`.
 */
const LATER = ['obtain-credentials', 'ask-sidecar', 'help']

const laterParts: Plugin = {
  name: 'later-parts',
  setup(setup) {
    setup.onResolve({ filter: /^\.\/[a-z-]+\.js$/ }, ({ path, kind }) => {
      const name = path.slice('./'.length, -'.js'.length)
      const apart = kind === 'dynamic-import' && LATER.includes(name)
      return apart ? { path: `./${name}.cjs`, external: true } : undefined
    })
  },
}

/** The parts throw the errors of the program that loads them, so that it knows them as its own. */
const errorsOfProgram: Plugin = {
  name: 'errors-of-program',
  setup(setup) {
    setup.onResolve({ filter: /\/errors\.js$/ }, () => ({
      path: './credential-process.cjs',
      external: true,
    }))
  },
}

await rm(OUT, { recursive: true, force: true })
const programs = {
  main: 'src/bin.ts',
  ecr: 'src/bin-ecr.ts',
  sidecar: 'src/bin-sidecar.ts',
}
for (const [name, entry] of Object.entries(programs)) {
  await build({ ...shared, entryPoints: { [name]: entry }, plugins: [lazyLibraries('./lib')] })
}
await build({
  ...shared,
  entryPoints: { 'credential-process': 'src/bin-credential-process.ts' },
  plugins: [laterParts, lazyLibraries('./lib')],
})
for (const name of LATER) {
  await build({
    ...shared,
    entryPoints: { [name]: `src/cli/${name}.ts` },
    plugins: [errorsOfProgram, lazyLibraries('./lib')],
  })
}
await build({
  ...shared,
  entryPoints: { rolesanywhere: 'src/entry.ts' },
  external: ['credential-process', ...Object.keys(programs)].map((name) => `./${name}.cjs`),
  banner: { js: '#!/usr/bin/env node' },
})
for (const [library, file] of Object.entries(LAZY_LIBRARIES)) {
  const used = USED[library]
  const contents = `export { ${used?.join(', ') ?? ''} } from '${library}'`
  const input: BuildOptions = used
    ? { stdin: { contents, resolveDir: '.' }, entryNames: `lib/${file}` }
    : { entryPoints: { [`lib/${file}`]: library } }
  await build({ ...shared, ...input, plugins: used ? [] : [lazyLibraries('.'), leanExpress] })
}
// The names that docker and the kubelet look for; `src/entry.ts` goes by the one it was called by.
const NAMES = [
  'rolesanywhere',
  'docker-credential-rolesanywhere',
  'rolesanywhere-ecr-credential-provider',
]
for (const name of NAMES) {
  if (name !== 'rolesanywhere') await copyFile(`${OUT}/rolesanywhere.cjs`, `${OUT}/${name}.cjs`)
  await chmod(`${OUT}/${name}.cjs`, 0o755)
}
