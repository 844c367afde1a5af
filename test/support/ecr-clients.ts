import { type Finished, start } from './program.js'
import { DOCKER_HELPER, HOST, KUBELET_PLUGIN } from './ecr.js'

type Environment = Readonly<Record<string, string>>

/** Runs a program with a text on standard input. */
export async function withInput(
  args: readonly string[],
  input: string,
  env: Environment = {},
): Promise<Finished> {
  const running = start(args, env, { stdio: ['pipe', 'pipe', 'pipe'] })
  // A program that fails before it reads has closed the pipe.
  running.process.stdin?.on('error', () => {})
  running.process.stdin?.end(input)
  return running.finished()
}

/** Asks the docker credential helper. */
export async function dockerHelper(
  args: readonly string[],
  input = '',
  env: Environment = {},
): Promise<Finished> {
  return withInput([DOCKER_HELPER, ...args], input, env)
}

/** A request of the kubelet. */
export const kubeletRequest = (change: object = {}): string =>
  JSON.stringify({
    kind: 'CredentialProviderRequest',
    apiVersion: 'credentialprovider.kubelet.k8s.io/v1',
    image: `${HOST}/team/app`,
    ...change,
  })

/** Asks the kubelet's plugin. */
export async function kubeletPlugin(
  input = kubeletRequest(),
  env: Environment = {},
  args: readonly string[] = [],
): Promise<Finished> {
  return withInput([KUBELET_PLUGIN, ...args], input, env)
}
