import { expect } from 'chai'
import fc from 'fast-check'
import { readServeOptions, SERVE_FLAGS } from '../../../../sidecar/server/serve-options.js'
import { type Injection, injectPod } from '../../../../sidecar/injector/inject-pod.js'
import type { SidecarOptions } from '../../../../sidecar/server/start-sidecar.js'
import type { Command } from '../../../../src/cli/command.js'
import { parseArguments } from '../../../../src/cli/parse-arguments.js'
import { PROGRAM_FLAGS } from '../../../../src/cli/setting-flags.js'
import { updateCommand } from '../../../../src/cli/update.js'
import { loadWorkload } from '../../../../src/config/workload.js'
import { generatedPods } from '../../../support/generated-pods.js'
import { caseConfig, podCases, readCase } from '../../../support/pod-cases.js'

interface InjectedContainer {
  readonly name?: string
  readonly args?: readonly string[]
}

/** Containers that an injection adds. */
function containersIn(injection: Injection): readonly InjectedContainer[] {
  if (injection.outcome !== 'injected') return []
  return injection.operations
    .flatMap(({ value }) => (Array.isArray(value) ? (value as unknown[]) : [value]))
    .filter((value): value is InjectedContainer => {
      const { name, args } = value as InjectedContainer
      return String(name).startsWith('rolesanywhere-') && args !== undefined
    })
}

function containersOfCase(name: string): readonly InjectedContainer[] {
  const { request, config } = readCase(name)
  return containersIn(injectPod(request, config))
}

/** What the kubelet makes of an argument. */
const expanded = (args: readonly string[]): string[] =>
  args.map((arg) => arg.replaceAll(/\$\(\w+\)/g, 'app-x2x4z'))

const UPDATE: Pick<Command, 'usage' | 'flags'> = updateCommand

async function expectAccepted(containers: readonly InjectedContainer[]): Promise<void> {
  for (const { args = [] } of containers) {
    const [command, ...rest] = expanded(args)
    if (command === 'serve') {
      const options = await serveOptions(rest)
      expect(options.listen[0]?.host).to.equal('127.0.0.1')
      expect(options.tokenFile).to.be.a('string')
    } else {
      expect(command).to.equal('update')
      const { flags } = parseArguments(UPDATE, [...UPDATE.flags, ...PROGRAM_FLAGS], rest)
      await loadWorkload({ flags, env: {} })
    }
  }
}

async function serveOptions(args: readonly string[]): Promise<SidecarOptions> {
  const { flags } = parseArguments({ usage: 'serve' }, [...SERVE_FLAGS, ...PROGRAM_FLAGS], args)
  return readServeOptions(flags, {})
}

describe('arguments of injected containers', () => {
  for (const { name, expected } of podCases()) {
    if ((expected as { outcome: string }).outcome !== 'injected') continue
    it(`${name}: the commands themselves accept them`, async () => {
      await expectAccepted(containersOfCase(name))
    })
  }

  it('has a case in which the shortest session for imds is accepted, and no shorter one', async () => {
    const { request, config } = readCase('imds')
    const pod = request.pod as { metadata: { annotations: object } }
    const withDuration = (duration: string): Injection => {
      const annotations = {
        ...pod.metadata.annotations,
        'rolesanywhere.io/session-duration': duration,
      }
      return injectPod(
        { ...request, pod: { ...pod, metadata: { ...pod.metadata, annotations } } },
        config,
      )
    }
    const shortest = withDuration('35m')
    expect(shortest.outcome).to.equal('injected')
    await expectAccepted(containersIn(shortest))
    expect(withDuration('2099').outcome).to.equal('refused')
  })

  it('are accepted for any pod', async () => {
    const config = caseConfig()
    await fc.assert(
      fc.asyncProperty(generatedPods, async (pod) => {
        const injection = injectPod({ pod, namespace: 'payments', operation: 'CREATE' }, config)
        await expectAccepted(containersIn(injection))
      }),
      { numRuns: 40 },
    )
  })

  it('say what the settings say', async () => {
    const [container] = containersOfCase('layers')
    const { workloads } = await serveOptions(container?.args?.slice(1) ?? [])
    expect(workloads.get('')?.params).to.deep.include({
      roleArn: 'arn:aws:iam::111122223333:role/of-pod',
      durationSeconds: 7200,
      roleSessionName: 'app',
    })
    expect(workloads.get('')?.region).to.equal('eu-west-1')
  })
})
