import { INJECTED, STATUS } from './annotations.js'
import type { InjectorConfig } from './config/injector-config.js'
import {
  FILE_KEEPER,
  IDENTITY_VOLUME,
  NO_API_TOKEN_VOLUME,
  OWN_CONTAINERS,
  roleTokenVolume,
  SIDECAR,
  TOKEN_VOLUME,
} from './names.js'
import { addKeys, append, insertAt, type PatchOperation } from './patch.js'
import { giveAccess } from './pod/app-environment.js'
import { checkPod } from './pod/check-pod.js'
import { meshOf } from './pod/mesh.js'
import { type Placement, placementOf } from './pod/placement.js'
import type { Container, Fields, Pod } from './pod/pod.js'
import { choosePorts } from './pod/ports.js'
import { selectContainers } from './pod/select-containers.js'
import { sessionNameOf } from './pod/session-name.js'
import type { SidecarInit } from './pod/sidecar-arguments.js'
import { fileKeeper, sidecarContainer, tokenMaker } from './pod/sidecar-container.js'
import { patchSidecar } from './pod/sidecar-patch.js'
import { identityVolume, memoryVolume, noApiTokenVolumes, tokenVolumes } from './pod/volumes.js'
import { refusal, type Warn } from './refusal.js'
import type { InjectionRequest } from './request.js'
import type { Workload } from './settings/allow-list.js'
import type { InjectionSettings } from './settings/resolve-settings.js'

/** What {@link mutate} builds on. */
export interface Mutation {
  readonly pod: Pod
  readonly request: InjectionRequest
  readonly workload: Workload
  readonly settings: InjectionSettings
  readonly config: InjectorConfig
  readonly warn: Warn
}

/**
 * The operations that give a pod its sidecar. They only add: list items one by one, keys that are
 * absent. Nothing that the pod holds is written again, so nothing of it can get lost, whatever it is.
 *
 * A pod that has its sidecar gets what is missing, such as the environment of a container that another
 * webhook has put in since; for a pod that is complete there are no operations.
 *
 * @throws RolesAnywhereError `ERR_RA_INJECTION_REFUSED`.
 */
export function mutate(mutation: Mutation): readonly PatchOperation[] {
  const { pod, request, workload, settings, config, warn } = mutation
  const { spec } = pod
  checkPod(pod, config, warn)
  checkStatus(pod, config.prefix)
  if (!isInjected(pod, config.prefix)) checkNames(pod)
  const mesh = meshOf(pod, request)
  const serverVersion = request.serverVersion ?? config.serverVersion
  const placement = placementOf(pod, settings, { serverVersion, mesh, warn })
  const guardedRoles = [...new Set(settings.containerRoles.values())].sort()
  const ports = choosePorts(pod, {
    credentials: config.sidecar.port,
    health: config.sidecar.healthPort,
  })
  const identity = identityVolume(settings.certificate, pod, {
    runAsGroup: config.sidecar.runAsGroup,
    trustDomain: config.trustDomain,
    workload,
    warn,
  })
  const { roleSessionName } = settings
  const init: SidecarInit = {
    settings,
    config: config.sidecar,
    placement,
    ports,
    identity,
    guardedRoles,
    pod,
    ...(roleSessionName !== undefined && {
      sessionName: sessionNameOf(roleSessionName, pod, {
        ...workload,
        longestPodName: request.longestPodName,
      }),
    }),
  }
  const volumes = [
    ...tokenVolumes(guardedRoles),
    ...(settings.credentialsFile ? [memoryVolume(FILE_KEEPER)] : []),
    ...(identity.volume ? [identity.volume] : []),
    ...(hasSidecar(pod) ? [] : noApiTokenVolumes(pod)),
  ]
  const absent = volumes.filter(
    ({ name }) => !spec.volumes?.some((there) => there['name'] === name),
  )
  return [
    ...accessOperations(mutation, placement, ports.credentials),
    ...append(spec.volumes, '/spec/volumes', absent),
    ...(hasSidecar(pod) ? [] : containerOperations(pod, init)),
    ...addKeys(pod.metadata?.annotations, '/metadata/annotations', {
      [`${config.prefix}/${STATUS}`]: INJECTED,
    }),
  ]
}

/** Before anything is inserted, so that the indexes are those of the pod as it came. */
function accessOperations(
  { pod, settings, config, warn }: Mutation,
  placement: Placement,
  port: number,
): PatchOperation[] {
  const { containerRoles, target, regionIsSet, imds, credentialsFile } = settings
  return selectContainers(pod, settings, { config, placement, warn }).flatMap(
    ({ path, container }) => {
      const role = containerRoles.get(container.name)
      const server = `http://127.0.0.1:${port}`
      const access = {
        uri: `${server}/v1/credentials${role === undefined ? '' : `/${role}`}`,
        tokenVolume: role === undefined ? TOKEN_VOLUME : roleTokenVolume(role),
        region: target.region,
        regionIsSet,
        credentialsFile: credentialsFile && role === undefined,
        ...(imds && { imdsEndpoint: server }),
      }
      return giveAccess(container, path, access, { config, warn })
    },
  )
}

function containerOperations({ spec }: Pod, init: SidecarInit): PatchOperation[] {
  const { placement, settings, config } = init
  const made = sidecarContainer(init)
  const sidecar =
    settings.sidecarPatch === undefined
      ? made
      : patchSidecar(made, settings.sidecarPatch, config.patch)
  const running = [sidecar, ...(settings.credentialsFile ? [fileKeeper(init)] : [])]
  const maker = placement.tokenMaker ? [tokenMaker(init)] : []
  const initPath = '/spec/initContainers'
  if (placement.mode === 'native') {
    const items = [...maker, ...running]
    return insertAt(spec.initContainers, initPath, { index: placement.index, items })
  }
  return [
    ...insertAt(spec.initContainers, initPath, { index: 0, items: maker }),
    ...insertAt(spec.containers, '/spec/containers', { index: placement.index, items: running }),
  ]
}

const containersOf = ({ spec }: Pod): readonly Container[] => [
  ...(spec.initContainers ?? []),
  ...spec.containers,
]

const hasSidecar = (pod: Pod): boolean => containersOf(pod).some(({ name }) => name === SIDECAR)

/** The annotation alone is a claim that anybody can make; it counts together with the container. */
const isInjected = (pod: Pod, prefix: string): boolean =>
  hasSidecar(pod) && pod.metadata?.annotations?.[`${prefix}/${STATUS}`] === INJECTED

/** It can neither be replaced nor be told from our own on the next pass. */
function checkStatus(pod: Pod, prefix: string): void {
  const status = pod.metadata?.annotations?.[`${prefix}/${STATUS}`]
  if (status === undefined || status === INJECTED) return
  throw refusal('annotation-invalid', `${STATUS} is written by the injector alone`, 'remove it')
}

function checkNames(pod: Pod): void {
  const container = containersOf(pod).find(({ name }) => OWN_CONTAINERS.includes(name))
  const isOurs = ({ name }: Fields): boolean =>
    typeof name === 'string' &&
    ([IDENTITY_VOLUME, TOKEN_VOLUME, FILE_KEEPER, NO_API_TOKEN_VOLUME].includes(name) ||
      name.startsWith(`${TOKEN_VOLUME}-`))
  const volume = pod.spec.volumes?.find(isOurs)
  const what = container
    ? `container "${container.name}"`
    : volume && `volume "${String(volume['name'])}"`
  if (what === undefined) return
  throw refusal('name-taken', `the pod has a ${what} of its own`, 'give it another name')
}
