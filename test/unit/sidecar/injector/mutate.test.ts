import { expect } from 'chai'
import fc from 'fast-check'
import { applyPatch } from 'rfc6902'
import { injectPod } from '../../../../sidecar/injector/inject-pod.js'
import type { PatchOperation } from '../../../../sidecar/injector/patch.js'
import type { InjectionRequest } from '../../../../sidecar/injector/request.js'
import { generatedPods } from '../../../support/generated-pods.js'
import { caseConfig, podCases, readCase } from '../../../support/pod-cases.js'

type Fields = Record<string, unknown>
interface PodValue extends Fields {
  metadata: Fields
  spec: Fields & { containers: Fields[]; initContainers?: Fields[]; volumes?: Fields[] }
}

const config = caseConfig()
const RUNS = { numRuns: 60 }

const request = (pod: unknown, more: Partial<InjectionRequest> = {}): InjectionRequest => ({
  pod,
  namespace: 'payments',
  operation: 'CREATE',
  ...more,
})

function operationsOf(
  pod: unknown,
  more: Partial<InjectionRequest> = {},
): readonly PatchOperation[] {
  const injection = injectPod(request(pod, more), config)
  expect(injection.outcome, JSON.stringify(injection)).to.equal('injected')
  return injection.outcome === 'injected' ? injection.operations : []
}

/** By a library of somebody else's, as the API server would. */
function patched(pod: unknown, operations: readonly PatchOperation[]): PodValue {
  // Not a structured clone: that keeps lists shared that are one in memory.
  const copy = JSON.parse(JSON.stringify(pod)) as PodValue
  expect(applyPatch(copy, structuredClone(operations) as never).filter(Boolean)).to.deep.equal([])
  return copy
}

/** Whether everything of `before` is in `after`, lists in their order; `null` is nothing. */
function contains(after: unknown, before: unknown): boolean {
  if (before === null) return true
  if (Array.isArray(before)) {
    if (!Array.isArray(after)) return false
    let at = 0
    return before.every((item) => {
      while (at < after.length && !contains(after[at], item)) at++
      return at++ < after.length
    })
  }
  if (typeof before === 'object' && before !== null) {
    return Object.entries(before).every(([key, value]) => contains((after as Fields)?.[key], value))
  }
  return after === before
}

/** What the API server checks beyond the schema. */
function expectConsistent({ spec }: PodValue): void {
  const all = [...(spec.initContainers ?? []), ...spec.containers]
  const unique = (values: unknown[], what: string): void =>
    void expect(new Set(values).size, `${what} are unique`).to.equal(values.length)
  const volumes = (spec.volumes ?? []).map(({ name }) => name)
  unique(
    all.map(({ name }) => name),
    'container names',
  )
  unique(volumes, 'volume names')
  for (const container of all) {
    const mounts = (container['volumeMounts'] ?? []) as Fields[]
    unique(
      mounts.map(({ mountPath }) => String(mountPath).replace(/\/+$/, '')),
      'mount paths',
    )
    unique(
      ((container['env'] ?? []) as Fields[]).map(({ name }) => name),
      'variables',
    )
    for (const { name } of mounts) expect(volumes).to.include(name)
  }
}

/** Without its types, which do not compile with `exactOptionalPropertyTypes`. */
const { Pod } = (await import('kubernetes-models/v1/Pod' as string)) as {
  readonly Pod: new (pod: unknown) => { validate(): void }
}

describe('mutate', () => {
  it('adds and never takes anything away', () => {
    fc.assert(
      fc.property(generatedPods, (pod) => {
        const operations = operationsOf(pod)
        expect(operations.map(({ op }) => op)).to.satisfy((ops: string[]) =>
          ops.every((op) => op === 'add'),
        )
        expect(contains(patched(pod, operations), pod)).to.equal(true)
      }),
      RUNS,
    )
  })

  it('has nothing to add to a pod that it has seen', () => {
    fc.assert(
      fc.property(generatedPods, (pod) => {
        expect(operationsOf(patched(pod, operationsOf(pod)))).to.deep.equal([])
      }),
      RUNS,
    )
  })

  it('does not depend on the order in which keys are written', () => {
    const reversed = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(reversed)
      if (typeof value !== 'object' || value === null) return value
      const entries = Object.entries(value).map(([key, each]) => [key, reversed(each)] as const)
      return Object.fromEntries(entries.reverse())
    }
    fc.assert(
      fc.property(generatedPods, (pod) => {
        expect(operationsOf(reversed(pod))).to.deep.equal(operationsOf(pod))
      }),
      RUNS,
    )
  })

  it('makes pods that the schema of Kubernetes and the checks of its API server accept', () => {
    fc.assert(
      fc.property(generatedPods, (pod) => {
        const result = patched(pod, operationsOf(pod))
        expectConsistent(result)
        new Pod(result).validate()
      }),
      RUNS,
    )
  })

  for (const { name, request: asked, config: given } of podCases()) {
    const injection = injectPod(asked, given)
    if (injection.outcome !== 'injected') continue
    it(`holds for the case ${name}: adds only, twice is once, valid`, () => {
      const result = patched(asked.pod, injection.operations)
      expect(contains(result, asked.pod)).to.equal(true)
      expectConsistent(result)
      new Pod(result).validate()
      const again = injectPod({ ...asked, pod: result }, given)
      expect(again.outcome === 'injected' && again.operations).to.deep.equal([])
    })
  }

  describe('when it is called again after another webhook', () => {
    const later = { name: 'later', image: 'later', ports: [{ containerPort: 9911 }] }

    it('gives the environment to a container that was put in since, and touches nothing else', () => {
      const { pod } = readCase('native').request
      const first = patched(pod, operationsOf(pod))
      first.spec.containers.unshift({ name: 'istio-proxy', image: 'proxy' })
      first.spec.containers.push(later)
      const operations = operationsOf(first)
      expect(operations.map(({ path }) => path)).to.deep.equal([
        '/spec/containers/2/env',
        '/spec/containers/2/volumeMounts',
      ])
      expect(operations[0]?.value).to.deep.include({
        name: 'AWS_CONTAINER_CREDENTIALS_FULL_URI',
        value: 'http://127.0.0.1:9911/v1/credentials',
      })
    })

    it('keeps the ports of the sidecar that is there', () => {
      const { pod } = readCase('ports-taken').request
      const first = patched(pod, operationsOf(pod))
      first.spec.containers.push(later)
      const [env] = operationsOf(first)
      expect(JSON.stringify(env?.value)).to.include('127.0.0.1:9915/')
    })

    it('gives it to an init container behind the sidecar alone', () => {
      const { pod } = readCase('native').request
      const first = patched(pod, operationsOf(pod))
      const init = first.spec.initContainers ?? []
      init.unshift({ name: 'early', image: 'x' })
      init.push({ name: 'late', image: 'x' })
      expect(operationsOf(first).map(({ path }) => path)).to.deep.equal([
        '/spec/initContainers/2/env',
        '/spec/initContainers/2/volumeMounts',
      ])
    })

    it('gives a container with a role of its own the token of that role', () => {
      const { pod } = readCase('container-roles').request
      const first = patched(pod, operationsOf(pod))
      first.spec.containers = first.spec.containers.filter(({ name }) => name !== 'helper')
      first.spec.containers.push({ name: 'helper', image: 'x' })
      const [, mounts] = operationsOf(first)
      expect(mounts?.value).to.deep.equal([
        {
          name: 'rolesanywhere-token-reports',
          mountPath: '/var/run/secrets/rolesanywhere.io',
          readOnly: true,
        },
      ])
    })
  })

  it('mounts the private key in the sidecar alone, and a token only where its role may be used', () => {
    const { pod } = readCase('container-roles').request
    const { spec } = patched(pod, operationsOf(pod))
    const readers = (volume: string): unknown[] =>
      [...(spec.initContainers ?? []), ...spec.containers]
        .filter(({ volumeMounts }) =>
          (volumeMounts as Fields[]).some(({ name }) => name === volume),
        )
        .map(({ name }) => name)
    expect(readers('rolesanywhere-identity')).to.deep.equal(['rolesanywhere-sidecar'])
    expect(readers('rolesanywhere-token')).to.deep.equal(['rolesanywhere-sidecar', 'app', 'debug'])
    expect(readers('rolesanywhere-token-reports')).to.deep.equal([
      'rolesanywhere-sidecar',
      'helper',
    ])
  })

  it('keeps what it adds within the Pod Security Standard "restricted"', () => {
    for (const { request: asked, config: given } of podCases()) {
      const injection = injectPod(asked, given)
      if (injection.outcome !== 'injected') continue
      const { spec } = patched(asked.pod, injection.operations)
      const ours = [...(spec.initContainers ?? []), ...spec.containers].filter(({ name }) =>
        String(name).startsWith('rolesanywhere-'),
      )
      for (const { securityContext } of ours) {
        expect(securityContext).to.deep.include({
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
          runAsNonRoot: true,
          seccompProfile: { type: 'RuntimeDefault' },
        })
        expect((securityContext as Fields)['runAsUser']).to.not.equal(0)
      }
      expect(injection.operations.map(({ path }) => path)).to.not.include('/spec/securityContext')
    }
  })

  it('survives anything that a pod may be', () => {
    const hostile = fc.oneof(
      fc.jsonValue(),
      generatedPods.map((pod) => ({ ...pod, spec: null })),
    )
    const anywhere = fc.tuple(generatedPods, fc.jsonValue(), fc.nat()).map(([pod, value, at]) => {
      const spec = (pod as PodValue).spec
      const keys = ['containers', 'initContainers', 'volumes', 'affinity', 'nodeSelector', 'os']
      return { ...pod, spec: { ...spec, [keys[at % keys.length] ?? 'containers']: value } }
    })
    fc.assert(
      fc.property(fc.oneof(hostile, anywhere), (pod) => {
        expect(injectPod(request(pod), config).outcome).to.match(/^(?:injected|unchanged|refused)$/)
      }),
      { numRuns: 200 },
    )
  })

  it('survives anything that an annotation may hold', () => {
    const names = ['roles', 'container-roles', 'certificate-secret', 'certificate-issuer', 'region']
    const more = [
      'session-duration',
      'role-session-name',
      'sidecar-patch',
      'sidecar-position',
      'role-arn',
    ]
    const pod = readCase('native').request.pod as PodValue
    const odd = fc.oneof(
      fc.string(),
      fc.constantFrom('a=b', ',,=', 'after:', '[{}]', '[1]', '{pod}{pod}'),
    )
    fc.assert(
      fc.property(fc.constantFrom(...names, ...more), odd, (name, text) => {
        const annotations = { [`rolesanywhere.io/${name}`]: text }
        const asked = request({ ...pod, metadata: { ...pod.metadata, annotations } })
        expect(injectPod(asked, config).outcome).to.match(/^(?:injected|refused)$/)
      }),
      { numRuns: 200 },
    )
  })
})
