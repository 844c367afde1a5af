import { expect } from 'chai'
import { blockWith, GUIDE, readBlocks } from './guide.js'
import { eventually } from '../support/eventually.js'
import { node } from './hooks.js'
import { currentSerial } from './pods.js'
import { openShell, type RunOptions, type Shell } from './shell.js'

describe(`${GUIDE}, from an empty cluster to a listed bucket`, () => {
  let shell: Shell
  let failed = false
  before(function () {
    this.timeout(60_000)
    shell = openShell(node())
  })

  // What follows from a step that failed says nothing.
  beforeEach(() => {
    if (failed) throw new Error('an earlier step has failed')
  })
  afterEach(function () {
    failed ||= this.currentTest?.state === 'failed'
  })

  it('the program runs out of its image', async () => {
    expect(await shell.run(blockWith('rolesanywhere --version'))).to.match(/^\d+\.\d+\.\d+/m)
  })

  const steps: readonly Step[] = [
    { section: 'With the emulator', name: 'a CA and two certificates', says: [/^note: /m] },
    { section: 'With the emulator', name: 'namespaces and Secrets', says: [/emulator-ca created/] },
    {
      section: 'With the emulator',
      name: 'the injector is rolled out',
      says: [/deployment "rolesanywhere-injector" successfully rolled out/],
    },
    {
      section: 'With the emulator',
      name: 'the emulator and the bucket lister: Deployment and Job list their buckets',
      // One log as it is for people, the other as JSON.
      says: [
        /assumed-role\/bucket-lister\/[0-9a-f]+ +2 buckets/,
        /"buckets":\[\{"name":"invoices"/,
      ],
    },
    {
      section: 'With the emulator',
      name: 'the CronJob runs when it is told to',
      says: [/job.batch\/now created/],
    },
    {
      section: 'See that it holds',
      name: 'what was added, and where each setting comes from',
      says: [/^bucket-lister-\S+ rolesanywhere-sidecar$/m, /role-arn/],
    },
    {
      section: 'See that it holds',
      name: 'another role is refused, and the rule named',
      says: [
        /admission webhook "inject.rolesanywhere.io" denied the request: .*\(rule allow-list\)/,
      ],
      status: 1,
    },
    {
      section: 'See that it holds',
      name: 'a new certificate: the kubelet exchanges the files, and the sidecar takes it into use',
      says: [/certificate loaded/],
      until: /certificate loaded[^]*certificate loaded/,
      renewed: true,
    },
  ]
  it('has as many steps as are here', () => {
    const sections = readBlocks(GUIDE).map(({ section }) => section)
    const followed = sections.filter((section) => steps.some((step) => step.section === section))
    expect(steps.map(({ section }) => section)).to.deep.equal(followed)
  })
  for (const [n, { section, name, says, renewed, ...options }] of steps.entries()) {
    it(name, async () => {
      const before = steps.slice(0, n).filter((step) => step.section === section)
      const block = readBlocks(GUIDE).filter((each) => each.section === section)[before.length]
      const output = await shell.run(block?.text ?? '', options)
      for (const pattern of says) expect(output).to.match(pattern)
      if (renewed) expect(output).to.include(String(await currentSerial()))
    })
  }

  it('a refusal is an Event for pods that a controller makes', async () => {
    await shell.run(`kubectl -n bucket-lister create -f - <<'END'
${REFUSED_JOB}
END`)
    await eventually(async () => {
      const output = await shell.run(blockWith('reason=InjectionRefused'))
      return output.includes('(rule allow-list)') ? true : undefined
    })
    await shell.run('kubectl -n bucket-lister delete job refused')
  })
})

const REFUSED_JOB = `apiVersion: batch/v1
kind: Job
metadata: { name: refused }
spec:
  template:
    metadata:
      labels: { rolesanywhere.io/inject: 'true' }
      annotations: { rolesanywhere.io/role-arn: 'arn:aws:iam::111122223333:role/administrator' }
    spec:
      serviceAccountName: bucket-lister
      restartPolicy: Never
      securityContext: { runAsNonRoot: true, seccompProfile: { type: RuntimeDefault } }
      containers:
        - name: app
          image: s3-bucket-lister:0.1.0
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: [ALL] } }`

interface Step extends RunOptions {
  readonly section: string
  readonly name: string
  readonly says: readonly RegExp[]
  /** Whether the serial number of the new certificate is said, too. */
  readonly renewed?: boolean
}
