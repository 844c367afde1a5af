import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { parseAllDocuments, stringify } from 'yaml'
import { readInjectorConfig } from '../../sidecar/injector/config/read-config.js'
import { injectManifests } from '../../sidecar/injector/manifests/inject-manifests.js'
import { realCluster } from './cluster.js'

const EXAMPLES = 'examples/kubernetes'
const WORKLOADS = ['Deployment', 'Job', 'CronJob']
const APPLICATIONS = ['with-emulator', 'with-aws', 'cert-manager/secret', 'cert-manager/csi']

interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
  readonly data?: Readonly<Record<string, string>>
}

const render = (folder: string): string =>
  execFileSync('kubectl', ['kustomize', join(EXAMPLES, folder)], { encoding: 'utf8' })

const parse = (text: string): Manifest[] =>
  parseAllDocuments(text).map((document) => document.toJS() as Manifest)

/** Kinds that a cluster has without cert-manager. */
const isKnown = ({ apiVersion }: Manifest): boolean => !apiVersion.startsWith('cert-manager.io/')

describe('examples/kubernetes', () => {
  const cluster = realCluster()
  let folder: string

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'rolesanywhere-examples-'))
    // Objects of a namespace are only looked at where it exists.
    for (const example of ['with-emulator', 'injector-with-emulator']) {
      const namespaces = parse(render(example)).filter(({ kind }) => kind === 'Namespace')
      apply(namespaces, [])
    }
  })
  after(() => {
    if (folder) rmSync(folder, { recursive: true, force: true })
  })

  function apply(manifests: readonly Manifest[], flags: readonly string[]): string {
    const file = join(folder, 'manifests.yaml')
    writeFileSync(file, manifests.map((manifest) => stringify(manifest)).join('---\n'))
    const { kubeconfig } = cluster.plane
    const { status, stdout, stderr } = spawnSync(
      'kubectl',
      ['--kubeconfig', kubeconfig, 'apply', '--validate=strict', ...flags, '-f', file],
      { encoding: 'utf8' },
    )
    // A warning is a failure: a pod template outside of its namespace's standard is no more than that.
    expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' })
    return stdout
  }
  const tryOut = (manifests: readonly Manifest[]): string[] =>
    apply(manifests.filter(isKnown), ['--dry-run=server']).trim().split('\n')

  const configOf = (example: string): string =>
    parse(render(example)).find(({ data }) => data?.['injector.yaml'])?.data?.['injector.yaml'] ??
    ''

  it('has an injector whose configuration is valid, and which the API server takes', () => {
    readInjectorConfig(configOf('injector-with-emulator'), 'injector-with-emulator')
    const manifests = parse(render('injector-with-emulator'))
    expect(tryOut(manifests)).to.have.length(manifests.length)
  })

  for (const example of APPLICATIONS) {
    it(`${example}: the API server takes it, as it is and injected`, () => {
      const config = readInjectorConfig(configOf('injector-with-emulator'), example)
      const plain = render(example)
      const known = parse(plain).filter(isKnown)
      expect(tryOut(known)).to.have.length(known.length)

      const input = { name: example, text: plain }
      const { text, pods } = injectManifests([input], { config, namespace: 'default' })
      const injected = pods.filter(({ injection }) => injection.outcome === 'injected')
      expect(injected.map(({ owner }) => owner.split(' ')[0])).to.have.members(WORKLOADS)
      for (const { injection } of injected) {
        if (injection.outcome === 'injected') expect(injection.warnings).to.deep.equal([])
      }
      const lines = tryOut(parse(text))
      expect(lines).to.have.length(known.length)
      expect(text.match(/name: rolesanywhere-sidecar/g)).to.have.length(3)
    })
  }

  it('is refused where the allow-list does not name it', () => {
    const config = readInjectorConfig(configOf('injector-with-emulator'), 'config')
    const text = render('with-emulator').replaceAll('role/bucket-lister', 'role/administrator')
    expect(() =>
      injectManifests([{ name: 'other role', text }], { config, namespace: 'default' }),
    ).to.throw(/allow-list/)
  })
})
