import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { parse, parseAllDocuments } from 'yaml'
import { readInjectorConfig } from '../../sidecar/injector/config/read-config.js'
import { buildProgram, obstacle } from './programs.js'

const OVERLAYS = 'sidecar/deploy/kustomize/overlays'
const CHART = 'sidecar/deploy/helm/rolesanywhere'
const NAMESPACE = 'rolesanywhere-system'

interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
  readonly data?: Readonly<Record<string, string>>
}

const documents = (text: string): Manifest[] =>
  parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest | null)
    .filter((document) => document !== null)

const kustomize = (overlay: string): Manifest[] =>
  documents(execFileSync('kubectl', ['kustomize', join(OVERLAYS, overlay)], { encoding: 'utf8' }))

/** By kind and name; files inside a ConfigMap as what they say. */
function byName(manifests: readonly Manifest[]): Record<string, unknown> {
  const entries = manifests.map((manifest) => {
    const { kind, metadata, data } = manifest
    const files = Object.fromEntries(
      Object.entries(data ?? {}).map(([name, text]): [string, unknown] => [name, parse(text)]),
    )
    return [`${kind}/${metadata.name}`, { ...manifest, ...(data && { data: files }) }] as const
  })
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}

describe('the manifests', () => {
  let helm: string

  before(async function () {
    this.timeout(0)
    const why = obstacle()
    if (why !== undefined) {
      console.error(`    skipped: ${why}`)
      this.skip()
    }
    helm = await buildProgram('helm', (line) => {
      console.error(`    ${line}`)
    })
  })

  const template = (...values: string[]): Manifest[] => {
    const args = [
      'template',
      'rolesanywhere',
      CHART,
      '--namespace',
      NAMESPACE,
      '--kube-version',
      '1.34.4',
    ]
    const set = values.flatMap((value) => ['--set', value])
    return documents(execFileSync(helm, [...args, ...set], { encoding: 'utf8', stdio: 'pipe' }))
  }

  for (const [overlay, value] of [
    ['built-in-certificates', 'injector.certificates.source=built-in'],
    ['cert-manager', 'injector.certificates.source=cert-manager'],
  ] as const) {
    it(`are the same from the chart and from the overlay ${overlay}`, () => {
      // `helm install --create-namespace` makes the namespace.
      const expected = kustomize(overlay).filter(({ kind }) => kind !== 'Namespace')
      expect(byName(template(value))).to.deep.equal(byName(expected))
    })
  }

  it('pass the linter of Helm', () => {
    execFileSync(helm, ['lint', '--strict', CHART], { stdio: 'pipe' })
  })

  for (const [what, value] of [
    ['a misspelt key', 'injector.replica=2'],
    ['no replicas', 'injector.replicas=0'],
    ['another source', 'injector.certificates.source=magic'],
    ['a rule without a name', 'injector.config.allow[0].namespaces[0]=a'],
  ] as const) {
    it(`refuse ${what} in the values`, () => {
      expect(() => template(value)).to.throw("values don't meet the specifications")
    })
  }

  it('hold configurations that the injector reads', () => {
    const overlays = readdirSync(OVERLAYS)
    expect(overlays).to.include('allow-list')
    for (const overlay of overlays) {
      const config = kustomize(overlay).find(({ data }) => data?.['injector.yaml'])
      readInjectorConfig(config?.data?.['injector.yaml'] ?? '', overlay)
    }
    const given = ['injector.config.allow[0].name=a', 'injector.config.allow[0].namespaces[0]=x']
    const made = template(...given, 'injector.config.allow[0].roleArns[0]=*').find(
      ({ data }) => data?.['injector.yaml'],
    )
    const config = readInjectorConfig(made?.data?.['injector.yaml'] ?? '', 'chart')
    expect(config.allow?.[0]?.name).to.equal('a')
    expect(config.sidecar.image).to.equal('rolesanywhere:0.1.0')
  })

  it('give no verb on Secrets that has no name, and none on everything', () => {
    for (const overlay of readdirSync(OVERLAYS)) {
      for (const manifest of kustomize(overlay)) {
        const { rules = [] } = manifest as { rules?: Rule[] }
        for (const { resources, verbs, apiGroups, resourceNames } of rules) {
          expect([...resources, ...verbs, ...apiGroups]).not.to.include('*')
          if (!resources.includes('secrets')) continue
          expect(resourceNames, manifest.metadata.name).to.have.length(1)
          expect(verbs).not.to.include('create')
        }
      }
    }
  })

  it('name images, versions and the chart alike', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
    const chart = parse(readFileSync(join(CHART, 'Chart.yaml'), 'utf8')) as Record<string, string>
    expect(chart).to.include({ version, appVersion: version })
    for (const overlay of readdirSync(OVERLAYS)) {
      const text = JSON.stringify(kustomize(overlay))
      for (const [, tag] of text.matchAll(/"image":"rolesanywhere:([^"]+)"/g)) {
        expect(tag).to.equal(version)
      }
    }
  })
})

interface Rule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
  readonly resourceNames?: readonly string[]
}
