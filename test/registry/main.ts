import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { endPrograms } from '../support/program.js'
import { type Scenario, SCENARIOS } from './scenarios.js'
import { setStage, type Stage } from './stage.js'

/**
 * Real registry clients and Debian's registry, with the built credential helper and the emulator.
 * Prints what it skips and why, and a tally; ends with status 1 when something failed. All of it is on
 * loopback; nothing is installed.
 */
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void endPrograms()
    process.exit(1)
  })
}

const isInstalled = (program: string): boolean =>
  (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })

function whySkipped({ needs, needsRoot }: Scenario, stage: Stage | undefined): string | undefined {
  const missing = [...needs, 'docker-registry', 'skopeo'].find((program) => !isInstalled(program))
  if (missing !== undefined) return `${missing} is not installed`
  if (!needsRoot) return undefined
  if (process.getuid?.() !== 0) return 'it needs root'
  return stage?.certificates === undefined ? 'port 443 of loopback is not to be had' : undefined
}

const ready = isInstalled('docker-registry') && isInstalled('skopeo')
const stage = ready
  ? await setStage().catch(async (error: unknown) => {
      await endPrograms()
      throw error
    })
  : undefined
let passed = 0
let failed = 0
let skipped = 0
for (const scenario of SCENARIOS) {
  const why = whySkipped(scenario, stage)
  if (why !== undefined || !stage) {
    skipped++
    console.log(`- ${scenario.name}: skipped, ${why}`)
    continue
  }
  try {
    await scenario.play(stage)
    passed++
    console.log(`- ${scenario.name}: passed`)
  } catch (error) {
    failed++
    console.log(`- ${scenario.name}: FAILED, ${error instanceof Error ? error.message : error}`)
  }
}
await stage?.close()
console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`)
process.exitCode = failed > 0 ? 1 : 0
