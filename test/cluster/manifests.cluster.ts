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
const ARN = 'arn:aws:rolesanywhere:eu-central-1:111122223333'
/** `--set` makes a number of it, as a file of values does without quotes. */
const ENV_NUMBER = 'injector.config.sidecar.env[0].value=1'
/** Values that say what the overlay for warnings says. */
const WARNINGS = [
  'injector.labelWarnings=true',
  'injector.certificateCheck.enabled=true',
  'injector.certificateCheck.secrets.team-a={web-tls,worker-tls}',
]
/** Values that say what the overlays for pull secrets say. */
const PULL_SECRETS = [
  'injector.enabled=false',
  'pullSecrets.enabled=true',
  'pullSecrets.registries[0]=111122223333.dkr.ecr.eu-central-1.amazonaws.com',
  `pullSecrets.identity.trustAnchorArn=${ARN}:trust-anchor/00000000-0000-4000-8000-000000000001`,
  `pullSecrets.identity.profileArn=${ARN}:profile/00000000-0000-4000-8000-000000000002`,
  'pullSecrets.identity.roleArn=arn:aws:iam::111122223333:role/pull-images',
]
const SCOPED = [
  ...PULL_SECRETS,
  'pullSecrets.scoped=true',
  'pullSecrets.namespaces={team-a,team-b}',
]

interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
  readonly data?: Readonly<Record<string, string>>
  readonly spec?: { readonly template?: unknown }
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
    return [
      `${kind}/${metadata.namespace ?? ''}/${metadata.name}`,
      { ...manifest, ...(data && { data: files }) },
    ] as const
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

  for (const [overlay, ...values] of [
    ['built-in-certificates', 'injector.certificates.source=built-in'],
    ['cert-manager', 'injector.certificates.source=cert-manager'],
    ['warnings', ...WARNINGS],
    ['pull-secrets', ...PULL_SECRETS],
    ['pull-secrets-scoped', ...SCOPED],
  ] as const) {
    it(`are the same from the chart and from the overlay ${overlay}`, () => {
      // `helm install --create-namespace` makes the namespace.
      const expected = kustomize(overlay).filter(({ kind }) => kind !== 'Namespace')
      expect(byName(template(...values))).to.deep.equal(byName(expected))
    })
  }

  it('pass the linter of Helm', () => {
    execFileSync(helm, ['lint', '--strict', CHART], { stdio: 'pipe' })
  })

  for (const [what, ...values] of [
    ['a misspelt key', 'injector.replica=2'],
    ['no replicas', 'injector.replicas=0'],
    ['another source', 'injector.certificates.source=magic'],
    ['a rule without a name', 'injector.config.allow[0].namespaces[0]=a'],
    ['a value that is taken away', 'injector.certificates.source=null'],
    ['a misspelt key of the sidecar', 'injector.config.sidecar.imge=x'],
    ['a default that there is not', 'injector.config.defaults.rolearn=x'],
    ['a prefix that is no DNS name', 'injector.config.prefix=foo'],
    ['a number for a variable', 'injector.config.sidecar.env[0].name=A', ENV_NUMBER],
    ['all Secrets of a namespace', 'injector.certificateCheck.secrets.team-a={}'],
    ['pull secrets without a registry', 'pullSecrets.enabled=true'],
    ['an identity that is no ARN', ...PULL_SECRETS, 'pullSecrets.identity.roleArn=pull-images'],
    ['a pattern where rights are by namespace', ...SCOPED, 'pullSecrets.namespaces={team-*}'],
  ] as const) {
    it(`refuse ${what} in the values`, () => {
      expect(() => template(...values)).to.throw("values don't meet the specifications")
    })
  }

  it('start the injector anew for another prefix, which it does not take while it runs', () => {
    const templateOf = (...values: string[]): unknown =>
      template(...values).find(({ kind }) => kind === 'Deployment')?.spec?.template
    const other = templateOf('injector.config.prefix=aws.example.com')
    expect(other).not.to.deep.equal(templateOf())
    expect(templateOf('injector.config.hostNetwork=allow')).to.deep.equal(templateOf())
  })

  it('hold configurations that the injector reads', () => {
    const overlays = readdirSync(OVERLAYS)
    expect(overlays).to.include('allow-list')
    for (const overlay of overlays) {
      const config = kustomize(overlay).find(({ data }) => data?.['injector.yaml'])
      if (overlay.startsWith('pull-secrets')) continue
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

  it('give the verbs on Secrets by name, but for the one that has none, and none on everything', () => {
    for (const overlay of readdirSync(OVERLAYS)) {
      for (const manifest of kustomize(overlay)) {
        const { rules = [] } = manifest as { rules?: Rule[] }
        for (const { resources, verbs, apiGroups, resourceNames } of rules) {
          expect([...resources, ...verbs, ...apiGroups]).not.to.include('*')
          expect(resources).not.to.include('serviceaccounts/token')
          if (!resources.includes('secrets')) continue
          const { name } = manifest.metadata
          expect(resources).to.deep.equal(['secrets'])
          if (verbs.includes('create')) {
            // A rule cannot be bound to the name of what does not exist yet.
            expect(name).to.match(/^rolesanywhere-pull-secrets/)
            expect(verbs).to.deep.equal(['create'])
          } else {
            expect(resourceNames, name).to.have.length.within(1, 2)
          }
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
