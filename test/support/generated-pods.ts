import fc from 'fast-check'

/** Fields that nobody knows, with values of every kind that JSON has. */
const unknownFields = fc.dictionary(
  fc.constantFrom('futureField', 'x-other', 'a/b~c', 'ünïcode'),
  fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom('yes', 'null', '0x10', '1e3', 'a: b', '# no comment', 'two\nlines'),
  ),
  { maxKeys: 2 },
)

const env = fc.record(
  {
    name: fc.constantFrom('A', 'AWS_REGION', 'AWS_ACCESS_KEY_ID', 'PATH', 'AWS_PROFILE', 'HOME'),
    value: fc.string({ maxLength: 12 }),
  },
  { requiredKeys: ['name'] },
)

const named = (prefix: string): fc.Arbitrary<Record<string, unknown>> =>
  fc
    .tuple(
      fc.record(
        {
          image: fc.constantFrom('app', 'registry.example.com/app:1'),
          env: fc.uniqueArray(env, { maxLength: 3, selector: ({ name }) => name }),
          ports: fc.array(fc.record({ containerPort: fc.integer({ min: 9905, max: 9915 }) }), {
            maxLength: 2,
          }),
          volumeMounts: fc.constantFrom([], [{ name: 'data', mountPath: '/data' }]),
          resources: fc.constantFrom({}, { limits: { cpu: '1', memory: '1Gi' } }),
        },
        { requiredKeys: ['image'] },
      ),
      unknownFields,
    )
    .map(([known, unknown]) => ({ name: prefix, ...known, ...unknown }))

const containers = (prefix: string, minLength: number): fc.Arbitrary<unknown[]> =>
  fc
    .array(named(prefix), { minLength, maxLength: 3 })
    .map((list) => list.map((each, index) => ({ ...each, name: `${prefix}-${index}` })))

const annotations = fc.record(
  {
    'rolesanywhere.io/session-duration': fc.constantFrom('35m', '6h'),
    'rolesanywhere.io/sidecar-mode': fc.constantFrom('native', 'container', 'auto'),
    'rolesanywhere.io/startup-gate': fc.constantFrom('credentials', 'listening', 'none', 'auto'),
    'rolesanywhere.io/sidecar-position': fc.constantFrom('first', 'last', 'auto'),
    'rolesanywhere.io/skip-containers': fc.constantFrom('app-1', 'app-0, init-0'),
    'rolesanywhere.io/containers': fc.constantFrom('app-0', 'app-1,init-0'),
    'rolesanywhere.io/roles': fc.constant('audit=arn:aws:iam::111122223333:role/audit'),
    'rolesanywhere.io/imds': fc.constantFrom('true', 'false'),
    'rolesanywhere.io/credentials-file': fc.constantFrom('true', 'false'),
    'rolesanywhere.io/role-session-name': fc.constantFrom('{ns}.{sa}.{pod}', 'fixed'),
    'rolesanywhere.io/certificate-issuer': fc.constant('ClusterIssuer/workloads'),
    'linkerd.io/inject': fc.constant('enabled'),
    'example.com/note': fc.string({ maxLength: 12 }),
  },
  { requiredKeys: [] },
)

const DATA = { name: 'data', emptyDir: {} }
const mountsData = (container: unknown): boolean => JSON.stringify(container).includes('/data')

/** Pods that ask for injection, whole enough for the API server but for the fields that it does not know. */
export const generatedPods: fc.Arbitrary<Record<string, unknown>> = fc
  .tuple(
    annotations,
    containers('app', 1),
    fc.option(containers('init', 0), { nil: undefined }),
    fc.constantFrom(undefined, 'Always', 'Never'),
    unknownFields,
  )
  .map(([notes, main, init, restartPolicy, unknown]) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'app',
      labels: { 'rolesanywhere.io/inject': 'true' },
      ...(Object.keys(notes).length > 0 && { annotations: notes }),
    },
    spec: {
      ...unknown,
      containers: main,
      ...(init && { initContainers: init }),
      ...([...main, ...(init ?? [])].some(mountsData) && { volumes: [DATA] }),
      ...(restartPolicy !== undefined && { restartPolicy }),
    },
  }))
