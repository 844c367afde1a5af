import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { table } from '../table.js'
import { simulate } from './fleet.js'
import { plot } from './plot.js'
import { DEFAULT_QUOTA, figures } from './scenarios.js'
import { HEADER, rowOf } from './summary.js'

/**
 * What fleets do to the quota of CreateSession, with a simulated clock. `--quota 50` for another quota,
 * `--seed 2` for other dice, `--attempts 1` for another `AWS_MAX_ATTEMPTS`, `--only outage` for one figure, `--write` to put images and table into docs.
 */
const { values } = parseArgs({
  options: {
    quota: { type: 'string', default: String(DEFAULT_QUOTA) },
    seed: { type: 'string', default: '1' },
    attempts: { type: 'string', default: '3' },
    only: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
})

const number = (name: 'quota' | 'seed' | 'attempts'): number => {
  const value = Number(values[name])
  if (!Number.isFinite(value) || value <= 0)
    throw new TypeError(`--${name} is not a number above 0`)
  return value
}
const all = figures(number('quota'), number('attempts'))
const asked = all.filter(({ name }) => values.only === undefined || name === values.only)
if (asked.length === 0)
  throw new TypeError(`--only is one of ${all.map(({ name }) => name).join(', ')}`)
if (values.write && asked !== all && asked.length < all.length)
  throw new TypeError('--write writes everything: leave out --only')

const docs = (file: string): string => fileURLToPath(new URL(`../../docs/${file}`, import.meta.url))
const rows: string[][] = []
const images: (readonly [string, string])[] = []
for (const { name, title, scenarios } of asked) {
  const columns = scenarios.map((scenario) => {
    const { pods, quotaPerSecond } = scenario.options
    const recording = simulate({ ...scenario.options, seed: number('seed') })
    rows.push(rowOf(title, scenario, recording))
    return { title: scenario.title, recording, pods, quotaPerSecond }
  })
  images.push([`images/${name}.svg`, plot(title, columns)])
}
const results = table(HEADER, rows)
console.log(results)

if (values.write) {
  for (const [file, svg] of images) writeFileSync(docs(file), svg)
  const guide = readFileSync(docs('sizing.md'), 'utf8')
  const marked = /(<!-- simulated -->\n)[\s\S]*?(\n<!-- \/simulated -->)/
  writeFileSync(
    docs('sizing.md'),
    guide.replace(marked, (_, from, to) => `${from}\n${results}\n${to}`),
  )
}
