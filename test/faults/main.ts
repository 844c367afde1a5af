import { spawnSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { endPrograms } from '../support/program.js'
import { type ClientKind, type Measured, play } from './cell.js'
import { coldStart, refreshUnderCrowd } from './crowd.js'
import type { Fault } from './fault.js'
import { FAULTS } from './faults.js'
import { crowdTable, machine, tableHead, tableRow, writeBetweenMarks } from './report.js'

/**
 * What clients see of the built credential server when something goes wrong. Prints a row of the
 * table as soon as it is known, and a tally at the end; ends with status 1 when a promise was
 * broken. `--write` puts the results into docs/reliability.md; other arguments are names of faults,
 * to play only these.
 */
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void endPrograms()
    process.exit(1)
  })
}

/** Programs that start at the same moment take each other's time. */
const APART_MS = 400

const CLIENTS: readonly ClientKind[] = ['waiting', 'idle']

interface Cell {
  readonly fault: Fault
  readonly client: ClientKind
}

async function playCell({ fault, client }: Cell): Promise<Measured | undefined> {
  try {
    const measured = await play(fault, client)
    console.log(tableRow(measured))
    if (measured.wrongs.length > 0) console.log(measured.log)
    return measured
  } catch (error) {
    console.log(`${fault.name}, ${client}: ${error instanceof Error ? error.stack : 'failed'}`)
    return undefined
  }
}

const isCommand = (name: string): boolean =>
  spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0

const startedMs = performance.now()
const names = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
console.log(`${machine()}\n`)

// First and alone, since they are about milliseconds.
const crowds = names.length > 0 ? [] : [await refreshUnderCrowd(200), await coldStart(1_000)]
if (crowds.length > 0) console.log(`${crowdTable(crowds)}\n`)

const stranger = names.find((name) => FAULTS.every((fault) => fault.name !== name))
if (stranger !== undefined) throw new Error(`no fault is called "${stranger}"`)
const chosen = FAULTS.filter(({ name }) => names.length === 0 || names.includes(name))
const possible = chosen.filter(({ needs }) => needs === undefined || isCommand(needs))
const cells = possible.flatMap((fault) => CLIENTS.map((client) => ({ fault, client })))
console.log(tableHead())
const played = await Promise.all(
  cells.map(async (cell, index) => {
    await sleep(index * APART_MS)
    return playCell(cell)
  }),
)

const rows = played.filter((result) => result !== undefined)
const kept = [...crowds, ...rows].filter(({ wrongs }) => wrongs.length === 0).length
const unknowns = crowds.filter((crowd) => crowd.unknown !== undefined)
const failed = crowds.length + cells.length - kept - unknowns.length
console.log(`\n${Math.round((performance.now() - startedMs) / 1000)} s in all`)
if (process.argv.includes('--write')) {
  const parts = [`${machine()}.`, crowdTable(crowds)]
  const table = [tableHead(), ...rows.map(tableRow)].join('\n')
  writeBetweenMarks('measured', [...parts, table].join('\n\n'))
}
for (const fault of chosen.filter((one) => !possible.includes(one))) {
  console.log(`  - ${fault.name}: skipped, this machine has no ${fault.needs ?? ''}`)
}
for (const crowd of unknowns) {
  console.log(`  - ${crowd.what}: skipped, ${crowd.unknown ?? ''}`)
}
const skipped = (chosen.length - possible.length) * CLIENTS.length + unknowns.length
console.log(`${kept} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exitCode = failed === 0 && kept > 0 ? 0 : 1
