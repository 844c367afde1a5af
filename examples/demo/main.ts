import { mkdtemp, rm } from 'node:fs/promises'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createNarrator } from './narrator.js'
import { Processes } from './processes.js'
import { tellStory } from './story.js'

/** From dist/lib/examples/demo. */
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url))

const narrator = createNarrator((text) => process.stdout.write(text), process.stdout.isTTY)
const folder = await mkdtemp(join(tmpdir(), 'rolesanywhere-demo-'))
const processes = new Processes(folder)
const startMs = performance.now()

async function cleanUp(): Promise<void> {
  await processes.endAll()
  await rm(folder, { recursive: true, force: true })
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void cleanUp().finally(() => process.exit(128 + constants.signals[signal]))
  })
}

try {
  narrator.title('From a certificate to a bucket list, with no AWS account')
  await tellStory({
    narrator,
    processes,
    folder,
    program: join(ROOT, 'dist/bin/rolesanywhere.cjs'),
    bucketLister: join(ROOT, 'examples/s3-bucket-lister/dist/main.js'),
  })
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1)
  narrator.title(`\nAll of it happened for real, in ${seconds} s. Nothing is left behind.`)
} catch (error) {
  process.exitCode = 1
  process.stderr.write(
    `\nThe demo failed: ${error instanceof Error ? error.message : String(error)}\n`,
  )
} finally {
  await cleanUp()
}
