import type { Clock } from '../../../src/clock.js'
import type { Logger } from '../../../src/log.js'
import type { KubeClient } from '../../kube/client.js'
import type { Columns } from '../../kube/columns.js'
import { isRefusal } from '../../kube/failure.js'
import { type Resource, RESOURCES } from '../../kube/objects.js'
import { CSI_DRIVER } from '../pod/volumes.js'
import { type CertificateSource, SPIFFE_DRIVER } from '../settings/certificate-source.js'

/** An admission waits no longer for an answer; one that comes later serves the next pod. */
const WAIT_MS = 250

/** Questions under way at once: with an API server that hangs, admissions soon go on without asking. */
const MAX_ASKING = 8

/** How long an answer is used. What is missing is looked for again soon: somebody may be making it. */
const KEEP_MS = { there: 30_000, missing: 2_000, forbidden: 60_000, unknown: 5_000 } as const

/** Answers that are kept. */
const MAX_KEPT = 1_000

/** Looks whether what a pod's certificate comes from is there. */
export interface CertificateCheck {
  /**
   * What is missing, for people; `undefined` when nothing is, and when that cannot be known now. Never
   * rejects, and takes at most 250 ms.
   */
  problem(source: CertificateSource, namespace: string): Promise<string | undefined>
}

/** One object to look for. */
interface Question {
  readonly resource: Resource
  readonly namespace?: string
  readonly name: string
  /** What to say when it does not exist. */
  readonly missing: string
  /** What to say of one that does. */
  readonly judge: (columns: Columns) => string | undefined
}

/** What was found out, and until when it holds. */
interface Answer {
  readonly problem: string | undefined
  readonly untilMs: number
}

/**
 * A check that asks the API server for as little as there is: the columns that `kubectl get` prints, by
 * name. Without the right to that it says nothing.
 *
 * @see https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables
 */
export function checkCertificates({
  client,
  clock,
  log,
}: {
  readonly client: KubeClient
  readonly clock: Clock
  readonly log: Logger
}): CertificateCheck & { stop(): void } {
  const ending = new AbortController()
  const api = client.until(ending.signal)
  const kept = new Map<string, Answer>()
  const asking = new Map<string, Promise<string | undefined>>()

  const ask = async (id: string, question: Question): Promise<string | undefined> => {
    const keep = (problem: string | undefined, keepMs: number): string | undefined => {
      kept.delete(id)
      kept.set(id, { problem, untilMs: clock.monotonicMs() + keepMs })
      for (const oldest of kept.keys()) {
        if (kept.size <= MAX_KEPT) break
        kept.delete(oldest)
      }
      return problem
    }
    try {
      const problem = question.judge(await api.columns(question.resource, question))
      return keep(problem, problem === undefined ? KEEP_MS.there : KEEP_MS.missing)
    } catch (error) {
      if (isRefusal(error, 'ERR_RA_KUBE_NOT_FOUND')) return keep(question.missing, KEEP_MS.missing)
      log.debug('cannot look for a certificate', { object: id, error })
      const forbidden = isRefusal(error, 'ERR_RA_KUBE_FORBIDDEN')
      return keep(undefined, forbidden ? KEEP_MS.forbidden : KEEP_MS.unknown)
    } finally {
      asking.delete(id)
    }
  }
  const look = async (question: Question): Promise<string | undefined> => {
    const { resource, namespace = '', name } = question
    const id = `${resource.plural}/${namespace}/${name}`
    const known = kept.get(id)
    if (known && known.untilMs > clock.monotonicMs()) return known.problem
    const already = asking.get(id)
    if (already) return already
    if (asking.size >= MAX_ASKING) return undefined
    const answer = ask(id, question)
    asking.set(id, answer)
    return answer
  }
  return {
    async problem(source, namespace) {
      const over = new AbortController()
      const late = clock.sleep(WAIT_MS, { signal: over.signal, background: true })
      const answers = Promise.all(questionsAbout(source, namespace).map(look))
      const found = await Promise.race([answers, late.then(() => [])])
      over.abort()
      return found.find((problem) => problem !== undefined)
    },
    stop() {
      ending.abort()
    },
  }
}

/** A pod's own volume can be anything, and an issuer of another group has a version we do not know. */
function questionsAbout(source: CertificateSource, namespace: string): readonly Question[] {
  switch (source.kind) {
    case 'secret':
      return [aboutSecret(source, namespace)]
    case 'spiffe':
      return [aboutDriver(SPIFFE_DRIVER)]
    case 'issuer':
      return [aboutDriver(CSI_DRIVER), ...aboutIssuer(source, namespace)]
    case 'volume':
      return []
  }
}

type Source<K extends CertificateSource['kind']> = Extract<CertificateSource, { kind: K }>

function aboutSecret({ name, files }: Source<'secret'>, namespace: string): Question {
  const wanted = [...new Set([files.certificate, files.privateKey])]
  return {
    ...{ resource: RESOURCES.secrets, namespace, name },
    missing: `there is no Secret "${name}" in namespace ${namespace}: the pod waits for it`,
    judge: ({ Data: entries }) =>
      typeof entries === 'number' && entries < wanted.length
        ? `Secret "${name}" has ${entries} entries, too few for ${wanted.join(' and ')}`
        : undefined,
  }
}

const aboutDriver = (name: string): Question => ({
  ...{ resource: RESOURCES.csiDrivers, name },
  missing: `the CSI driver ${name} is not installed: the pod waits for it`,
  judge: () => undefined,
})

const ISSUERS: Readonly<Record<string, Resource>> = {
  Issuer: RESOURCES.issuers,
  ClusterIssuer: RESOURCES.clusterIssuers,
}

function aboutIssuer(source: Source<'issuer'>, namespace: string): readonly Question[] {
  const { name, issuerKind, issuerGroup } = source
  const resource = issuerGroup === RESOURCES.issuers.group ? ISSUERS[issuerKind] : undefined
  if (!resource) return []
  const inNamespace = resource === RESOURCES.issuers
  const where = inNamespace ? ` in namespace ${namespace}` : ''
  return [
    {
      ...{ resource, name, ...(inNamespace && { namespace }) },
      missing: `there is no ${issuerKind} "${name}"${where}: the pod waits for it`,
      judge: ({ Ready: ready }) =>
        ready === 'False' ? `${issuerKind} "${name}"${where} is not ready` : undefined,
    },
  ]
}
