import { expect } from 'chai'
import fc from 'fast-check'
import { parseAllDocuments, stringify } from 'yaml'
import { injectPod } from '../../../../sidecar/injector/inject-pod.js'
import { applyAdditions } from '../../../../sidecar/injector/manifests/apply-additions.js'
import {
  type InjectedManifests,
  injectManifests,
  type ManifestOptions,
} from '../../../../sidecar/injector/manifests/inject-manifests.js'
import { generatedPods } from '../../../support/generated-pods.js'
import { caseConfig, caseText, podCases } from '../../../support/pod-cases.js'
import { throwsWithCode } from '../../../support/rejects.js'

const config = caseConfig()

function inject(text: string, more: Partial<ManifestOptions> = {}): InjectedManifests {
  const options = { config, namespace: 'default', ...more }
  return injectManifests([{ name: 'app.yaml', text }], options)
}

/** Whether `before` comes out when some characters of `after` are struck. */
function isSubsequence(before: string, after: string): boolean {
  let at = 0
  for (const character of after) if (before.startsWith(character, at)) at += character.length
  return at === before.length
}

/** Lines that are in `after` and not in `before`; fails when one of `before` is gone or has moved. */
function insertedLines(before: string, after: string): readonly string[] {
  const old = before.split('\n')
  const inserted = after.split('\n').filter((line) => {
    if (line !== old[0]) return true
    old.shift()
    return false
  })
  expect(old, 'lines that are gone').to.deep.equal([])
  return inserted
}

const POD = `apiVersion: v1
kind: Pod
metadata:
  name: app
  labels: {rolesanywhere.io/inject: "true"}
spec:
  containers:
    - name: app
      image: app
`
const templateOf = (kind: string, apiVersion: string): string => `apiVersion: ${apiVersion}
kind: ${kind}
metadata: {name: app}
spec:
  template:
    metadata:
      labels:
        rolesanywhere.io/inject: "true"
    spec:
      containers:
      - name: app
        image: app
`

describe('injectManifests', () => {
  it('applies what injectPod says, and keeps every byte of each case', () => {
    for (const { name, request, config: given } of podCases()) {
      const injection = injectPod(request, given)
      const { serverVersion } = request
      const known = Object.keys(request).every(
        (key) => !/^(?:serviceAccount|namespace)[AL]/.test(key),
      )
      if (injection.outcome !== 'injected' || !known || request.operation !== 'CREATE') continue
      for (const text of [
        stringify(request.pod),
        `${JSON.stringify(request.pod, null, 2)}\n`,
        JSON.stringify(request.pod),
        stringify(request.pod, { collectionStyle: 'flow' }),
        `# before\n---\n${stringify(request.pod).replaceAll('\n', '\r\n')}`,
      ]) {
        const options = { config: given, namespace: request.namespace }
        const result = inject(text, { ...options, ...(serverVersion && { serverVersion }) })
        // "env: null" is the one thing that has to go.
        if (name !== 'null-lists') expect(isSubsequence(text, result.text), name).to.equal(true)
        const [before, after] = [text, result.text].map(
          (each) => parseAllDocuments(each, { intAsBigInt: true })[0]?.toJS() as unknown,
        )
        expect(after, name).to.deep.equal(applyAdditions(before, injection.operations))
        if (text.startsWith('{"')) expect(JSON.parse(result.text)).to.be.an('object')
      }
    }
  })

  it('keeps what nobody knows and numbers beyond 2^53 as they are written', () => {
    const [, written = ''] = /^pod:\n([\s\S]*?)^expected:/m.exec(caseText('unknown-fields')) ?? []
    const text = written.replaceAll(/^ {2}/gm, '')
    for (const number of ['9007199254740993', '1.10', '0x10', '123456789012345678901234567890']) {
      expect(text).to.include(number)
    }
    const { text: result } = inject(text)
    expect(isSubsequence(text, result)).to.equal(true)
    const numbers = (each: string): string[] => each.match(/\b[\dx.]{2,}\b/g) ?? []
    expect(numbers(result)).to.include.members(numbers(text))
  })

  it('cuts a session name by what a controller makes of its own name', () => {
    const note = "annotations: {rolesanywhere.io/role-session-name: '{ns}.{sa}.{pod}'}"
    const text = templateOf('Deployment', 'apps/v1').replace('labels:', `${note}\n      labels:`)
    expect(inject(text, { namespace: 'payments' }).text).to.include(
      '--role-session-name=payments.default.$(ROLESANYWHERE_POD_NAME)',
    )
  })

  it('keeps every byte of any pod', () => {
    fc.assert(
      fc.property(generatedPods, fc.boolean(), (pod, flow) => {
        const text = flow
          ? JSON.stringify(pod, null, 2)
          : stringify(JSON.parse(JSON.stringify(pod)))
        const result = inject(text).text
        expect(isSubsequence(text, result)).to.equal(true)
        expect(inject(result).text).to.equal(result)
      }),
      { numRuns: 40 },
    )
  })

  it('inserts lines and leaves comments, quotes, numbers and blank lines as they are', () => {
    const text = `# the whole file
apiVersion: apps/v1   # as of 1.9
kind: Deployment
metadata:
    name:   'app'
spec:
    replicas: 9007199254740993
    template:
        metadata:
            labels:
                "rolesanywhere.io/inject": "true" # please
        spec:
            # our own
            containers:

            -   name: app   # the program
                image: "app:1.10"
                env:
                -   {name: A, value: '0x10'}
                # the end of env

            -   name: other
                args: [ "a",
                        "b" ]   # two lines
            volumes: []
# the end
`
    const withoutVolumes = (each: string): string => each.replace(/volumes: \[.*\]\n/, 'VOLUMES\n')
    const lines = insertedLines(withoutVolumes(text), withoutVolumes(inject(text).text))
    expect(lines.filter((line) => line.includes('#'))).to.deep.equal([])
    expect(lines).to.include('                - name: AWS_REGION')
    expect(lines).to.include('              rolesanywhere.io/status: injected')
  })

  it('fills what is written as empty on its own line', () => {
    const text =
      POD + '      env:   # none yet\n  volumes: []   # nor these\n  initContainers: null\n'
    const result = inject(text).text
    expect(result).to.match(/\n {6}env: \[\{"name".*\] {3}# none yet\n/)
    expect(result).to.match(/\n {2}volumes: \[\{"name".*\] {3}# nor these\n/)
    expect(result).to.match(/\n {2}initContainers: \[\{"name".*\]\n/)
  })

  it('leaves documents without such pods byte for byte, whatever they look like', () => {
    const others = [
      '%YAML 1.2\n---\nx: !Ref y\n',
      '# only a comment\n',
      'a:   [1,   2]   # odd\n\n\n',
      'x: 1\n...\n',
      POD.replace('"true"', '"false"'),
      POD.replace('v1', 'example.com/v1'),
      'kind: Deployment\nspec: {template: null}\n',
      '"just text"\n',
    ]
    const text = others.join('---\n')
    expect(inject(text).text).to.equal(text)
    expect(inject('').text).to.equal('')
    expect(inject('\n').text).to.equal('\n')
    expect(inject(`${text}---\n${POD}`).text.startsWith(`${text}---\n`)).to.equal(true)
  })

  for (const [kind, apiVersion] of [
    ['Deployment', 'apps/v1'],
    ['StatefulSet', 'apps/v1'],
    ['DaemonSet', 'apps/v1'],
    ['ReplicaSet', 'apps/v1'],
    ['ReplicationController', 'v1'],
    ['Job', 'batch/v1'],
  ] as const) {
    it(`knows the pod template of a ${kind}`, () => {
      const { text, pods } = inject(templateOf(kind, apiVersion))
      expect(text).to.include('\n      initContainers:\n        - name: rolesanywhere-sidecar\n')
      expect(pods).to.have.length(1)
      expect(pods[0]).to.include({ owner: `${kind} app`, place: 'app.yaml:6' })
    })
  }

  it('knows the pod template of a CronJob, and items of a List', () => {
    const indented = (text: string, by: number): string =>
      text.replaceAll(/^(?=.)/gm, ' '.repeat(by))
    const job = indented(templateOf('Job', 'batch/v1').split('spec:\n').slice(1).join('spec:\n'), 2)
    const cronJob = `apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: c}\nspec:\n  jobTemplate:\n    spec:\n${indented(job, 2)}`
    const item = indented(POD, 2).replace('  ', '- ')
    const list = `apiVersion: v1\nkind: List\nitems:\n${item}${item.replace('name: app', 'name: two')}`
    const { pods, text } = inject(`${cronJob}---\n${list}`)
    expect(pods.map(({ owner }) => owner)).to.deep.equal(['CronJob c', 'Pod app', 'Pod two'])
    expect(text.match(/name: rolesanywhere-sidecar/g)).to.have.length(3)
  })

  it('takes settings from service accounts and namespaces of the same stream, wherever they stand', () => {
    const account = (namespace: string, role: string): string =>
      `---\napiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: default\n${namespace}  annotations: {rolesanywhere.io/role-arn: 'arn:aws:iam::111122223333:role/${role}'}\n`
    const space =
      '---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop, annotations: {rolesanywhere.io/session-duration: 6h}}\n'
    const text = POD + account('  namespace: other\n', 'wrong') + account('', 'right') + space
    const result = inject(text, { namespace: 'shop' }).text
    expect(result).to.include('--role-arn=arn:aws:iam::111122223333:role/right')
    expect(result).to.include('--session-duration=21600')
    expect(inject(text, { namespace: 'other' }).text).to.include(':role/wrong')
  })

  it('puts several files into one stream', () => {
    const files = ['a: 1', '---\nb: 2\n', POD].map((text, index) => ({ name: `${index}`, text }))
    const { text } = injectManifests(files, { config, namespace: 'default' })
    expect(parseAllDocuments(text)).to.have.length(3)
    expect(text.startsWith('a: 1\n---\nb: 2\n---\napiVersion: v1\n')).to.equal(true)
  })

  describe('when something is wrong', () => {
    const second = (text: string): string => `a: 1\n---\n# comment\n${text}`

    it('names file, line and document of a pod that is refused', () => {
      const text = second(POD.replace('spec:', 'spec:\n  hostNetwork: true'))
      const error = throwsWithCode(() => inject(text), 'ERR_RA_INJECTION_REFUSED')
      expect(error.message).to.match(/^app\.yaml:4: document 2, Pod app: .*\(rule host-network\)$/)
    })

    it('names file, line and column of what is no YAML', () => {
      const error = throwsWithCode(() => inject(second('a: [1\nb: 2\n')), 'ERR_RA_MANIFEST_INVALID')
      expect(error.message).to.match(/^app\.yaml:\d+:\d+: document 2 is not valid YAML/)
    })

    for (const [what, spec] of [
      ['an alias', '  containers: [&a {name: app, env: &e []}, {name: b, env: *e}]\n'],
      ['a merge key', '  x: &x {env: []}\n  containers:\n    - <<: *x\n      name: app\n'],
      [
        'an anchor that something else refers to',
        '  containers:\n    - name: app\n      env: &e\n        - name: A\n  y: *e\n',
      ],
    ] as const) {
      it(`does not insert where ${what} would take it elsewhere, and says on which line`, () => {
        const text = POD.replace(/ {2}containers:[\s\S]*/, spec)
        const error = throwsWithCode(() => inject(text), 'ERR_RA_MANIFEST_INVALID')
        expect(error.message).to.match(/^app\.yaml:\d+: document 1/)
      })
    }

    it('does not expand aliases without end', () => {
      const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]']
      for (let at = 1; at < 9; at++) {
        const [name, before] = ['abcdefghij'[at], 'abcdefghij'[at - 1]]
        bomb.push(`${name}: &${name} [${`*${before},`.repeat(9)}]`)
      }
      throwsWithCode(() => inject(`${bomb.join('\n')}\n`), 'ERR_RA_MANIFEST_INVALID')
    })
  })
})
