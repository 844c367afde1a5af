import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { parse } from 'yaml'
import { injectManifests } from '../../../sidecar/injector/manifests/inject-manifests.js'
import { readInjectorConfig } from '../../../sidecar/injector/config/read-config.js'
import { codeOf } from '../../../tools/markdown.js'

const EXAMPLES = 'examples/kubernetes'
const guide = readFileSync('docs/kubernetes.md', 'utf8')
/** Commands, each on one line. */
const commands = codeOf(guide)
  .map(({ text: command }) => command)
  .join('\n')
const found = (pattern: RegExp): string[] => [
  ...new Set([...commands.matchAll(pattern)].map(([, word = '']) => word)),
]
const text = (...path: string[]): string => readFileSync(join(EXAMPLES, ...path), 'utf8')

/** Folders of examples/kubernetes that are Kustomizations. */
const kustomizations = readdirSync(EXAMPLES, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('kustomization.yaml'))
  .map((path) => join(EXAMPLES, path, '..'))

describe('docs/kubernetes.md', () => {
  it('applies folders and files that are there', () => {
    const folders = found(/(?:-k|kustomize) ([\w./-]+)/g)
    expect(folders).to.have.length.above(6)
    for (const folder of folders) {
      expect(existsSync(join(folder, 'kustomization.yaml')), folder).to.equal(true)
    }
    const files = found(/-f ((?:examples|sidecar)\/[\w./-]+)/g)
    expect(files).to.have.length.above(2)
    for (const file of files) expect(existsSync(file), file).to.equal(true)
  })

  it('leaves out no Kustomization that stands on its own', () => {
    const used = new Set(found(/(?:-k|kustomize) ([\w./-]+)/g))
    const parts = kustomizations.flatMap((folder) => {
      const { resources } = parse(readFileSync(join(folder, 'kustomization.yaml'), 'utf8')) as {
        resources: string[]
      }
      return resources.map((resource) => join(folder, resource))
    })
    for (const folder of kustomizations) {
      expect(used.has(folder) || parts.includes(folder), folder).to.equal(true)
    }
  })

  it('names rules of refusals that exist', () => {
    const reference = readFileSync('docs/injector.md', 'utf8')
    const table = guide.slice(guide.indexOf('## When it does not work'), guide.indexOf('## Undo'))
    const rules = [...table.matchAll(/`([a-z]+(?:-[a-z]+)+)`/g)]
      .map(([, rule = '']) => rule)
      .filter((rule) => !rule.startsWith('rolesanywhere-') && rule !== 'kube-system')
    expect(rules).to.include('setting-missing')
    for (const rule of rules) expect(reference).to.include(`\`${rule}\``)
  })

  it('makes the Secrets, namespaces and files that the manifests look for', () => {
    const made = found(/-n ([\w-]+ create (?:secret generic|configmap) [\w-]+)/g)
    expect(made).to.include('aws-emulator create secret generic emulator-tls')
    expect(text('emulator', 'deployment.yaml')).to.include('secretName: emulator-tls')
    expect(made).to.include('bucket-lister create secret generic bucket-lister-tls')
    expect(text('bucket-lister', 'service-account.yaml')).to.include(
      'rolesanywhere.io/certificate-secret: bucket-lister-tls',
    )
    expect(made).to.include('bucket-lister create configmap emulator-ca')
    expect(text('with-emulator', 'endpoint.yaml')).to.include('configMap: { name: emulator-ca }')
  })

  it('gives the workload the subject that the role of the emulator trusts', () => {
    const [subject] = found(/--subject CN=([\w.-]+)/g)
    expect(text('emulator', 'state.json')).to.include(
      `"aws:PrincipalTag/x509Subject/CN": "${subject}"`,
    )
    expect(text('cert-manager', 'secret', 'certificates.yaml')).to.include(`commonName: ${subject}`)
  })

  it('injects each workload of the examples', () => {
    const map = parse(text('injector-with-emulator', 'config.yaml')) as {
      data: Record<string, string>
    }
    const config = readInjectorConfig(map.data['injector.yaml'] ?? '', 'config.yaml')
    const inputs = ['namespace', 'service-account', 'deployment', 'job', 'cron-job'].map(
      (name) => ({
        name,
        text: text('bucket-lister', `${name}.yaml`),
      }),
    )
    const { pods } = injectManifests(inputs, { config, namespace: 'bucket-lister' })
    expect(pods.map(({ injection }) => injection.outcome)).to.deep.equal(Array(3).fill('injected'))
    for (const { injection } of pods) {
      expect('warnings' in injection && injection.warnings).to.deep.equal([])
    }
  })
})
