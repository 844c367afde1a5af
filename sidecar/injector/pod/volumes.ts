import {
  API_TOKEN_MOUNT,
  IDENTITY_VOLUME,
  NO_API_TOKEN_VOLUME,
  OWN_CONTAINERS,
  roleTokenVolume,
  TOKEN_VOLUME,
} from '../names.js'
import { refusal, type Warn } from '../refusal.js'
import type { Workload } from '../settings/allow-list.js'
import { type CertificateSource, SPIFFE_DRIVER, TLS_FILES } from '../settings/certificate-source.js'
import type { Fields, Pod } from './pod.js'

/** Names of the two files, and the volume that they are in. */
export interface IdentityVolume {
  readonly name: string
  /** Absent: the pod has it already. */
  readonly volume?: Fields
  readonly files: { readonly certificate: string; readonly privateKey: string }
}

/** Memory that no other pod sees: for a token, or for the credentials file. */
export const memoryVolume = (name: string): Fields => ({
  name,
  emptyDir: { medium: 'Memory', sizeLimit: '1Mi' },
})

/** Volumes of all tokens: the default one, and one for each role that only some containers may use. */
export const tokenVolumes = (roles: readonly string[]): readonly Fields[] =>
  [TOKEN_VOLUME, ...roles.map(roleTokenVolume)].map(memoryVolume)

/** Whether the API server would give our containers the token of the pod's service account. */
const getsApiToken = ({ spec }: Pod): boolean => spec.automountServiceAccountToken !== false

/**
 * An empty volume in the place of that token, which nothing of ours needs. The admission plugin runs
 * again after webhooks and adds its mount to every container that has none there.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#bound-service-account-token-volume
 */
export const noApiTokenVolumes = (pod: Pod): readonly Fields[] =>
  getsApiToken(pod) ? [memoryVolume(NO_API_TOKEN_VOLUME)] : []

/** The mounts of {@link noApiTokenVolumes} in each container of ours. */
export const noApiTokenMounts = (pod: Pod): readonly Fields[] =>
  getsApiToken(pod)
    ? [{ name: NO_API_TOKEN_VOLUME, mountPath: API_TOKEN_MOUNT, readOnly: true }]
    : []

/** cert-manager's CSI driver. */
export const CSI_DRIVER = 'csi.cert-manager.io'

/** @see https://www.rfc-editor.org/rfc/rfc5280#appendix-A.1 */
const MAX_COMMON_NAME = 64

/** What {@link identityVolume} builds on besides the source. */
export interface IdentityContext {
  /** Group of the sidecar. */
  readonly runAsGroup: number
  /** Of the SPIFFE ID in certificates that an issuer makes. */
  readonly trustDomain: string
  readonly workload: Workload
  readonly warn: Warn
}

/**
 * The volume with certificate and private key, which only the sidecar mounts. Its files can be read
 * by whatever user the sidecar runs as, without an `fsGroup` for the pod: a Secret's by mode, since
 * nobody else sees the volume; a driver's by the group that the container always has.
 *
 * A certificate of an issuer names the service account: as `SA.NAMESPACE`, since Roles Anywhere wants
 * a subject, and as a SPIFFE ID. The driver fills in the namespace.
 *
 * @see https://cert-manager.io/docs/usage/csi-driver/
 * @throws RolesAnywhereError `ERR_RA_INJECTION_REFUSED` when a volume that is named is not there.
 */
export function identityVolume(
  source: CertificateSource,
  pod: Pod,
  { runAsGroup, trustDomain, workload, warn }: IdentityContext,
): IdentityVolume {
  const name = IDENTITY_VOLUME
  switch (source.kind) {
    case 'secret': {
      const secret = { secretName: source.name, defaultMode: 0o444 }
      return { name, files: source.files, volume: { name, secret } }
    }
    case 'issuer': {
      const { serviceAccount, namespace } = workload
      if (`${serviceAccount}.${namespace}`.length > MAX_COMMON_NAME) {
        throw refusal(
          'certificate-source',
          `"${serviceAccount}.${namespace}" is longer than the ${MAX_COMMON_NAME} characters of a common name`,
          'use a Secret, or csi-driver-spiffe, for this service account',
        )
      }
      const volumeAttributes = {
        [`${CSI_DRIVER}/issuer-name`]: source.name,
        [`${CSI_DRIVER}/issuer-kind`]: source.issuerKind,
        [`${CSI_DRIVER}/issuer-group`]: source.issuerGroup,
        [`${CSI_DRIVER}/common-name`]: `${serviceAccount}.\${POD_NAMESPACE}`,
        [`${CSI_DRIVER}/uri-sans`]: `spiffe://${trustDomain}/ns/\${POD_NAMESPACE}/sa/${serviceAccount}`,
        [`${CSI_DRIVER}/key-usages`]: 'digital signature,client auth',
        [`${CSI_DRIVER}/fs-group`]: String(runAsGroup),
      }
      return { name, files: TLS_FILES, volume: csi(name, CSI_DRIVER, volumeAttributes) }
    }
    case 'spiffe': {
      const volumeAttributes = { [`${SPIFFE_DRIVER}/fs-group`]: String(runAsGroup) }
      return { name, files: TLS_FILES, volume: csi(name, SPIFFE_DRIVER, volumeAttributes) }
    }
    case 'volume':
      return existingVolume(source, pod, warn)
  }
}

const csi = (name: string, driver: string, volumeAttributes: Fields): Fields => ({
  name,
  csi: { driver, readOnly: true, volumeAttributes },
})

function existingVolume(
  { name, files }: Extract<CertificateSource, { kind: 'volume' }>,
  { spec }: Pod,
  warn: Warn,
): IdentityVolume {
  if (!spec.volumes?.some((volume) => volume['name'] === name)) {
    throw refusal('certificate-source', `the pod has no volume "${name}"`, 'add it to spec.volumes')
  }
  const readers = [...(spec.initContainers ?? []), ...spec.containers].filter(
    ({ name: container, volumeMounts = [] }) =>
      !OWN_CONTAINERS.includes(container) && volumeMounts.some((mount) => mount['name'] === name),
  )
  for (const reader of readers) {
    warn(
      'key-shared',
      `container "${reader.name}" mounts volume "${name}", too, and can read the private key`,
    )
  }
  return { name, files }
}
