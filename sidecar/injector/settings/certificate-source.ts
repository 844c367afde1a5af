import { type AnnotationName, LAYERS } from '../annotations.js'
import { refusal } from '../refusal.js'
import { type Layers, type Setting, textIn } from './layers.js'

/** Driver name that stands for csi-driver-spiffe where an issuer's name could be. */
export const SPIFFE_DRIVER = 'spiffe.csi.cert-manager.io'

/** Names of the two files, relative to the volume's root. */
export interface KeyPairFiles {
  readonly certificate: string
  readonly privateKey: string
}

/** Where certificate and private key come from. */
export type CertificateSource = { readonly setting: Setting } & (
  | { readonly kind: 'secret'; readonly name: string; readonly files: KeyPairFiles }
  | { readonly kind: 'volume'; readonly name: string; readonly files: KeyPairFiles }
  | {
      readonly kind: 'issuer'
      readonly name: string
      readonly issuerKind: string
      readonly issuerGroup: string
    }
  | { readonly kind: 'spiffe'; readonly name: string }
)

const KINDS = ['certificate-secret', 'certificate-issuer', 'certificate-volume'] as const

/** File names of a Secret of type `kubernetes.io/tls`, which cert-manager and its drivers use, too. */
export const TLS_FILES: KeyPairFiles = { certificate: 'tls.crt', privateKey: 'tls.key' }

const NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/

/**
 * The source that the nearest layer names: the three annotations are one setting.
 *
 * @throws RolesAnywhereError `ERR_RA_INJECTION_REFUSED` when there is none, when a layer names two,
 *   or when it is malformed.
 */
export function resolveCertificateSource(layers: Layers): CertificateSource {
  for (const layer of LAYERS) {
    const named = KINDS.flatMap((name) => {
      const text = textIn(layers, layer, name)
      return text === undefined ? [] : [{ name, text }]
    })
    const [first, second] = named
    if (!first) continue
    const source = layers.names[layer]
    if (second) {
      throw refusal(
        'certificate-source',
        `${first.name} and ${second.name} exclude each other (${source})`,
        'keep one of them',
      )
    }
    return parseSource(first.name, { text: first.text, layer, source })
  }
  throw refusal(
    'setting-missing',
    'no certificate source is set',
    `annotate the pod, its service account or its namespace with ${layers.prefix}/certificate-secret, certificate-issuer or certificate-volume`,
  )
}

function parseSource(
  name: (typeof KINDS)[number] & AnnotationName,
  setting: Setting,
): CertificateSource {
  const where = `${name} (${setting.source})`
  if (name === 'certificate-issuer') return parseIssuer(setting, where)
  const [, object = '', certificate, privateKey] =
    /^([^:]+)(?::([^,]+)(?:,([^,]+))?)?$/.exec(setting.text) ?? []
  if (!NAME.test(object)) {
    throw refusal('certificate-source', `${where} is not NAME or NAME:CERTIFICATE,KEY`)
  }
  const files =
    certificate === undefined
      ? TLS_FILES
      : { certificate: certificate.trim(), privateKey: (privateKey ?? certificate).trim() }
  for (const file of Object.values(files)) checkFile(file, where)
  return { kind: name === 'certificate-secret' ? 'secret' : 'volume', name: object, files, setting }
}

/** `NAME`, `KIND/NAME` or `KIND.GROUP/NAME`, as cert-manager's own tools write it. */
function parseIssuer(setting: Setting, where: string): CertificateSource {
  if (setting.text === SPIFFE_DRIVER) return { kind: 'spiffe', name: SPIFFE_DRIVER, setting }
  const [, issuerKind = 'Issuer', issuerGroup = 'cert-manager.io', name = ''] =
    /^(?:([A-Za-z][A-Za-z0-9]{0,62})(?:\.([a-z0-9.-]{1,253}))?\/)?([^/]+)$/.exec(setting.text) ?? []
  if (NAME.test(name)) return { kind: 'issuer', name, issuerKind, issuerGroup, setting }
  throw refusal(
    'certificate-source',
    `${where} is not NAME, KIND/NAME or KIND.GROUP/NAME`,
    `for example ClusterIssuer/workloads, or ${SPIFFE_DRIVER}`,
  )
}

function checkFile(file: string, where: string): void {
  const parts = file.split('/')
  const plain = /^[\w.@+-]+(?:\/[\w.@+-]+)*$/.test(file) && file.length <= 255
  if (plain && !parts.includes('..') && !parts.includes('.')) return
  throw refusal('certificate-source', `${where} names a file that is not a plain relative path`)
}
