import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { startAws } from '../support/aws.js'
import { PROGRAM } from '../support/program.js'
import { killRounds } from './kill-rounds.js'
import { VICTIMS } from './victims.js'

/**
 * Kills programs at random moments of their writing: `--rounds N` (1000), `--victim NAME` (all of them).
 * Prints what it has seen; ends with status 1 if anything was read that must not be there.
 */
const { values } = parseArgs({
  options: { rounds: { type: 'string' }, victim: { type: 'string' } },
})
const rounds = Number(values.rounds ?? 1000)
const victims = VICTIMS.filter(({ name }) => values.victim === undefined || name === values.victim)

// A copy, since thousands of runs take long, and a build in the meantime takes the program away.
const copies = await mkdtemp(join(tmpdir(), 'rolesanywhere-kill-program-'))
await cp(dirname(PROGRAM), copies, { recursive: true })
const program = join(copies, basename(PROGRAM))

let failed = victims.length === 0
for (const victim of victims) {
  const folder = await mkdtemp(join(tmpdir(), 'rolesanywhere-kill-'))
  const aws = await startAws()
  try {
    const { faults, ...seen } = await killRounds(victim, { folder, aws, program }, rounds)
    console.log(victim.name, { ...seen, slowestMs: Math.round(seen.slowestMs) })
    for (const fault of faults.slice(0, 20)) console.log(`  FAULT: ${fault}`)
    console.log(`  ${faults.length} faults in ${rounds} rounds`)
    failed ||= faults.length > 0
  } finally {
    await aws.close()
    await rm(folder, { recursive: true, force: true })
  }
}
await rm(copies, { recursive: true, force: true })
process.exitCode = failed ? 1 : 0
