import { cpus } from 'node:os'
import { credentialProcess } from './credential-process.js'
import { firstCredentials } from './first-credentials.js'
import { injector } from './injector.js'
import { latency } from './latency.js'
import { idleMemory } from './memory.js'
import { pullSecrets } from './pull-secrets.js'
import { signatures } from './signatures.js'
import { startUp } from './start-up.js'
import { throughput } from './throughput.js'
import { withStage } from './stage.js'

/**
 * Speed and memory as ratios against a baseline in the same run: absolute numbers are those of one
 * machine, ratios travel. `--quick` takes fewer samples.
 */
const quick = process.argv.includes('--quick')
const [cpu] = cpus()
console.log(
  `Node ${process.version}, ${cpu?.model ?? 'unknown CPU'} × ${cpus().length}, ${process.platform}\n`,
)

await withStage(async (stage) => {
  for (const section of [
    startUp,
    credentialProcess,
    firstCredentials,
    throughput,
    latency,
    signatures,
    idleMemory,
    injector,
    pullSecrets,
  ]) {
    console.log(`${await section(stage, quick)}\n`)
  }
})
