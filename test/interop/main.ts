import { endPrograms } from '../support/program.js'
import { installed } from './cache.js'
import { endClientPrograms } from './client-program.js'
import { CLIENTS } from './clients.js'
import type { Member } from './crew.js'
import { Skip } from './install.js'
import { canPlay, play, SCENARIO_GROUPS } from './scenarios.js'

/**
 * Real clients in other languages, against the built program and the emulator. Prints what it
 * skips and why, a table, and a tally; ends with status 1 when something failed. Everything is on
 * loopback, but for installing the clients, which is done once.
 */
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    endClientPrograms()
    void endPrograms()
    process.exit(1)
  })
}

const scenarios = SCENARIO_GROUPS.flat()
const members: Member[] = []
const notes: string[] = []
let skipped = 0

for (const client of CLIENTS) {
  const startedMs = Date.now()
  try {
    members.push({ client, launch: client.launch(await installed(client)) })
    const seconds = Math.round((Date.now() - startedMs) / 1000)
    if (seconds > 0) console.log(`installed ${client.name} (${seconds} s)`)
  } catch (error) {
    if (!(error instanceof Skip)) throw error
    skipped += scenarios.length
    notes.push(`- ${client.name}: skipped, ${error.message}`)
  }
}

const versions = new Map<Member, string>()
const cells = new Map<Member, string[]>(members.map((member) => [member, []]))
let passed = 0
let failed = 0
for (const group of SCENARIO_GROUPS) {
  const plays = group.map(async (scenario) => ({ scenario, ...(await play(scenario, members)) }))
  for (const { scenario, failures, versions: seen } of await Promise.all(plays)) {
    for (const [member, results] of cells) {
      versions.set(member, seen.get(member) ?? versions.get(member) ?? '?')
      const failure = failures.get(member)
      if (!canPlay(scenario, member)) {
        skipped++
        results.push('skipped')
      } else if (failure === undefined) {
        passed++
        results.push('passed')
      } else {
        failed++
        results.push('FAILED')
        notes.push(`- ${member.client.name}, ${scenario.name}: FAILED, ${failure}`)
      }
    }
  }
}
for (const { client } of members) {
  if (client.token !== 'none') continue
  notes.push(`- ${client.name}: skipped, this release knows no credentials endpoint on loopback`)
}

const row = (texts: readonly string[]): string => `| ${texts.join(' | ')} |`
const heading = ['Client', 'Version', ...scenarios.map(({ name }) => name)]
console.log(`\n${row(heading)}`)
console.log(row(heading.map(() => '---')))
for (const member of members) {
  console.log(row([member.client.name, versions.get(member) ?? '?', ...(cells.get(member) ?? [])]))
}
for (const { name, about } of scenarios) console.log(`\n${name}: ${about}`)
if (notes.length > 0) console.log(`\n${notes.join('\n')}`)

console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`)
process.exitCode = failed > 0 || passed === 0 ? 1 : 0
