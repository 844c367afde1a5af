import { fileURLToPath } from 'node:url'
import { KIND_OF } from '../src/errors.js'
import { checkBoundaries } from './check-boundaries.js'
import { checkDependencies } from './check-dependencies.js'
import { checkDocs } from './check-docs.js'
import { checkSecrets } from './check-secrets.js'
import { readCommandArguments } from './command-arguments.js'
import { readCommandFlags } from './command-flags.js'
import { formatProblem } from './problem.js'
import { checkGenerated, checkVariables, generatedFiles } from './reference/generated.js'
import { readReference } from './reference/reference.js'
import { readTree } from './tree.js'

const tree = readTree(fileURLToPath(new URL('..', import.meta.url)))
const facts = {
  codes: Object.keys(KIND_OF),
  commands: await readCommandFlags(),
  faultOfArguments: await readCommandArguments(),
}
const reference = await readReference()
const generated = generatedFiles(reference, tree.get('README.md') ?? '')

const checks = {
  boundaries: () => checkBoundaries(tree),
  docs: () => checkDocs(tree, facts),
  secrets: () => checkSecrets(tree),
  dependencies: () => checkDependencies(tree),
  reference: () => [...checkGenerated(tree, generated), ...checkVariables(tree, reference)],
}

for (const [name, check] of Object.entries(checks)) {
  const problems = check()
  for (const problem of problems) console.log(formatProblem(problem))
  console.log(`${name}: ${problems.length === 0 ? 'ok' : `${problems.length} problems`}`)
  if (problems.length > 0) process.exitCode = 1
}
