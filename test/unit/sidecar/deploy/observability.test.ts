import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { INJECTOR_METRICS } from '../../../../sidecar/injector/webhook/injector-metrics.js'
import { PULL_SECRET_METRICS } from '../../../../sidecar/pull-secrets/pull-secret-metrics.js'
import { METRICS } from '../../../../sidecar/server/metrics.js'
import type { Metric } from '../../../../sidecar/prometheus-text.js'
import { anchorsOf } from '../../../../tools/markdown.js'

const FOLDER = pathOf('sidecar/deploy/observability')
const GUIDE = 'docs/operation.md'
const RUNBOOK = 'docs/runbook.md'

/** Every metric of every program, by the section of the guide that has its table. */
const TABLES: Readonly<Record<string, readonly Metric[]>> = {
  metrics: Object.values(METRICS),
  'injector-metrics': Object.values(INJECTOR_METRICS),
  'pull-secret-metrics': Object.values(PULL_SECRET_METRICS),
}
const ALL_METRICS = Object.values(TABLES).flat()

/** Labels that the scrape adds, and that rules and dashboards may use besides our own. */
const SCRAPE_LABELS = ['instance', 'job', 'namespace', 'pod']

function pathOf(file: string): string {
  return fileURLToPath(new URL(`../../../../${file}`, import.meta.url))
}

const read = (file: string): string => readFileSync(pathOf(file), 'utf8')

interface Panel {
  readonly id: number
  readonly title: string
  readonly description: string
  readonly targets: readonly { readonly expr: string }[]
}

interface Dashboard {
  readonly panels: readonly Panel[]
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly definition?: string }[]
  }
}

const dashboard = JSON.parse(read('sidecar/deploy/observability/dashboard.json')) as Dashboard
const alerts = alertsOf(read('sidecar/deploy/observability/alerts.yaml'))

/** Fields of each rule. The file is ours and plain, and promtool reads it for real. */
function alertsOf(yaml: string): { readonly name: string; readonly text: string }[] {
  return yaml
    .split(/^ +- alert: /m)
    .slice(1)
    .map((text) => ({ name: text.split('\n', 1)[0] ?? '', text }))
}

const expressionOf = (rule: string): string =>
  /^ +expr: (?:>-)?([\s\S]*?)^ +(?:for|labels):/m.exec(rule)?.[1] ?? ''

/** What is wrong with an expression: metrics and labels that do not exist. */
function faultsOf(expression: string): string[] {
  const faults: string[] = []
  const labels = new Set<string>()
  for (const [, name = '', matchers = ''] of expression.matchAll(
    /\b(rolesanywhere_\w+)(?:\{([^}]*)\})?/g,
  )) {
    const metric = metricOf(name)
    if (!metric) faults.push(`unknown metric ${name}`)
    const known = [...(metric?.labels ?? []), ...SCRAPE_LABELS]
    for (const label of known) labels.add(label)
    for (const [, label = ''] of matchers.matchAll(/(\w+)\s*[=!]~?"/g)) {
      if (!known.includes(label)) faults.push(`unknown label ${label} of ${name}`)
    }
  }
  for (const [, list = ''] of expression.matchAll(/\b(?:by|without|on|ignoring) \(([^)]*)\)/g)) {
    for (const label of list.split(',').map((text) => text.trim())) {
      if (label !== 'le' && !labels.has(label)) faults.push(`unknown label ${label} in (${list})`)
    }
  }
  return faults
}

function metricOf(name: string): Metric | undefined {
  return ALL_METRICS.find((metric) =>
    metric.type === 'histogram'
      ? ['_bucket', '_sum', '_count'].some((suffix) => name === metric.name + suffix)
      : name === metric.name,
  )
}

/** Runs promtool, or skips the test aloud. */
function promtool(test: Mocha.Context, ...args: string[]): void {
  const { error, status, stdout, stderr } = spawnSync('promtool', args, {
    cwd: FOLDER,
    encoding: 'utf8',
  })
  if (error) {
    console.warn('    skipped: the promtool command is not on this machine (package prometheus)')
    test.skip()
  }
  expect(status, stdout + stderr).to.equal(0)
}

describe('the alert rules', () => {
  for (const { name, text } of alerts) {
    it(`${name} uses metrics and labels that exist`, () => {
      expect(expressionOf(text)).to.contain('rolesanywhere_')
      expect(faultsOf(expressionOf(text))).to.deep.equal([])
    })

    it(`${name} tells people what it is, how bad it is and where to read on`, () => {
      expect(text).to.match(/^ +severity: (critical|warning)$/m)
      expect(text).to.match(/^ +summary: .+/m)
      expect(text).to.match(/^ +description: .+/m)
      const [, file, anchor = ''] = /^ +runbook_url: (.+)#(.+)$/m.exec(text) ?? []
      expect(file).to.equal(RUNBOOK)
      expect(anchor).to.equal(name.toLowerCase())
      expect([...anchorsOf(read(RUNBOOK))]).to.include(anchor)
    })

    it(`${name} is tried out`, () => {
      expect(read('sidecar/deploy/observability/alerts.test.yaml')).to.contain(
        `alertname: ${name}\n`,
      )
    })
  }

  it('are all explained, and nothing is explained that is no rule', () => {
    const explained = [...read(RUNBOOK).matchAll(/^### (RolesAnywhere\w+)$/gm)].map(
      ([, name]) => name,
    )
    expect(explained).to.deep.equal(alerts.map(({ name }) => name))
  })

  it('share a runbook that names metrics and labels that exist', () => {
    const names = read(RUNBOOK).matchAll(/\brolesanywhere_\w+(?:\{[^}]*\})?/g)
    expect([...names].flatMap(([name]) => faultsOf(name))).to.deep.equal([])
  })

  it('are rules that Prometheus loads', function () {
    promtool(this, 'check', 'rules', 'alerts.yaml')
  })

  it('fire when they should and not otherwise', function () {
    promtool(this, 'test', 'rules', 'alerts.test.yaml')
  })
})

describe('the dashboard', () => {
  for (const { title, description, targets } of dashboard.panels) {
    it(`shows "${title}" from metrics and labels that exist`, () => {
      expect(description).to.match(/\.$/)
      for (const { expr } of targets) expect(faultsOf(expr), expr).to.deep.equal([])
    })
  }

  it('has variables that exist', () => {
    const names = dashboard.templating.list.map(({ name }) => name)
    const used = new Set(
      [...JSON.stringify(dashboard).matchAll(/\$\{?([a-z]\w*)\}?/g)].map(([, name]) => name),
    )
    expect([...used].sort()).to.deep.equal([...names].sort())
    for (const { definition } of dashboard.templating.list) {
      const asked = /label_values\((.*), (\w+)\)/.exec(definition ?? '')
      if (asked) expect(faultsOf(`by (${asked[2]}) ${asked[1]}`)).to.deep.equal([])
    }
  })

  it('shows every metric', () => {
    const text = JSON.stringify(dashboard)
    const hidden = ALL_METRICS.filter(({ name }) => !text.includes(name))
    expect(hidden).to.deep.equal([])
  })

  it('has panels that can be told apart', () => {
    const ids = dashboard.panels.map(({ id }) => id)
    expect(new Set(ids).size).to.equal(ids.length)
  })
})

describe('the check of these tests', () => {
  for (const [expression, faults] of [
    ['rate(rolesanywhere_other_total[5m])', ['unknown metric rolesanywhere_other_total']],
    [
      'rolesanywhere_refresh_duration_seconds',
      ['unknown metric rolesanywhere_refresh_duration_seconds'],
    ],
    [
      'rolesanywhere_refresh_total{code="1"}',
      ['unknown label code of rolesanywhere_refresh_total'],
    ],
    ['sum by (route) (rolesanywhere_refresh_total)', ['unknown label route in (route)']],
    ['sum by (le) (rolesanywhere_refresh_duration_seconds_bucket)', []],
  ] as const) {
    it(`finds ${faults.length === 0 ? 'nothing' : faults.join()} in ${expression}`, () => {
      expect(faultsOf(expression)).to.deep.equal(faults)
    })
  }
})

describe('docs/operation.md', () => {
  const tableOf = (metrics: readonly Metric[]): string =>
    [
      '| Name | Type | Labels | Meaning |',
      '|---|---|---|---|',
      ...metrics.map(
        ({ name, type, labels, help }) =>
          `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`,
      ),
    ].join('\n')
  const section = (name: string): RegExp =>
    new RegExp(`(<!-- ${name} -->\\n)([\\s\\S]*?)(\\n?<!-- /${name} -->)`)

  before(() => {
    if (process.env['UPDATE_SNAPSHOT'] !== '1') return
    for (const [name, metrics] of Object.entries(TABLES)) {
      const update = (_: string, start: string, __: string, end: string): string =>
        `${start}${tableOf(metrics)}\n${end.trimStart()}`
      writeFileSync(pathOf(GUIDE), read(GUIDE).replace(section(name), update))
    }
  })

  for (const [name, metrics] of Object.entries(TABLES)) {
    it(`has the table of ${name}; run with UPDATE_SNAPSHOT=1 to bring it up to date`, () => {
      expect(section(name).exec(read(GUIDE))?.[2]).to.equal(tableOf(metrics))
    })
  }

  it('names log messages as the code writes them, with their level and fields', () => {
    const code = [
      ...['session/session-keeper', 'session/create-session', 'session/identity-store'].map(
        (file) => `src/${file}`,
      ),
      ...['command', 'container-route', 'credential-server', 'first-sessions', 'token-file'].map(
        (file) => `sidecar/server/${file}`,
      ),
    ]
      .map((file) => read(`${file}.ts`))
      .join('\n')
    const rows = [
      ...(section('log').exec(read(GUIDE))?.[2] ?? '').matchAll(
        /^\| (info|warn|error) \| `([^`]+)` \| (.*?) \|/gm,
      ),
    ]
    expect(rows.length).to.be.greaterThan(15)
    for (const [, level = '', message = '', fields = ''] of rows) {
      expect(code, message).to.contain(`log.${level}('${message}'`)
      for (const [, field = ''] of fields.matchAll(/`(\w+)`/g)) {
        expect(code, `${message}: ${field}`).to.match(new RegExp(`\\b${field}\\b`))
      }
    }
    const documented = new Set(rows.map(([, level, message]) => `${level} ${message}`))
    const written = [...code.matchAll(/\blog\.(info|warn|error)\('([^']+)'/g)].map(
      ([, level, message]) => `${level} ${message}`,
    )
    expect(
      written.filter((line) => !documented.has(line) && !line.includes('--hop-limit')),
    ).to.deep.equal([])
  })
})
