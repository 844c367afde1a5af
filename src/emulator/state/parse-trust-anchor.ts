import { type Certificate, parsePemCertificates } from '../x509/certificate.js'
import { findPath } from '../x509/certificate-path.js'
import { type RevocationList, parseRevocationList } from '../x509/revocation-list.js'
import type { JsonNode } from './json-node.js'
import { type ReadFile, requiredArn, requiredInlineOrFile } from './members.js'
import type { TrustAnchor } from './model.js'

/** Most certificates of a trust anchor. The service raises this for nobody. */
const MAX_CERTIFICATES = 2

/** Most CRLs of a trust anchor, likewise. */
export const MAX_CRLS = 2

/** What to do about a CRL that cannot be used. */
export const UNUSABLE_CRL =
  'a CRL is PEM or DER, signed with SHA-256 or stronger by the trust anchor or by "issuer"'

/** Reads one trust anchor with its CRLs. */
export function parseTrustAnchor(node: JsonNode, readFile: ReadFile): TrustAnchor {
  node.only('arn', 'enabled', 'certificate', 'certificateFile', 'crls')
  const certificates = parseCertificates(node, 'certificate', readFile)
  const crls = node.optional('crls')
  const lists = crls?.items() ?? []
  if (lists.length > MAX_CRLS) crls?.fail(`holds more than ${MAX_CRLS} lists`)
  return {
    arn: requiredArn(node, 'trustAnchor', 'the ARN of a trust anchor'),
    enabled: node.optional('enabled')?.boolean() ?? true,
    certificates,
    revocationLists: lists.map((list) => parseCrl(list, certificates, readFile)),
  }
}

function parseCertificates(node: JsonNode, name: string, readFile: ReadFile): Certificate[] {
  const text = requiredInlineOrFile(node, name, readFile).toString('utf8')
  let certificates: Certificate[]
  try {
    certificates = parsePemCertificates(text)
  } catch (error) {
    return node.fail('has a certificate that cannot be parsed', { cause: error })
  }
  if (certificates.length === 0) node.fail('has no PEM certificate')
  if (certificates.length > MAX_CERTIFICATES) {
    node.fail(`has more than ${MAX_CERTIFICATES} certificates`)
  }
  const unfit = certificates.map(whyUnfitAnchor).find((reason) => reason !== undefined)
  if (unfit) node.fail(`has a certificate that ${unfit}`)
  return certificates
}

/**
 * Demands on the certificate of a trust anchor, and of a CRL's issuer. One without the key usage
 * extension is let through, which the service does not do: recorded requests come with such.
 *
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html#signature-verification
 */
function whyUnfitAnchor(certificate: Certificate): string | undefined {
  if (certificate.version !== 3) return 'is not X.509 version 3'
  if (!certificate.basicConstraints?.ca) return 'is not a CA (basic constraints)'
  if (certificate.keyUsage?.has('keyCertSign') === false) return 'may not sign certificates'
  return certificate.strongSignature ? undefined : 'is signed with a weak hash'
}

function parseCrl(
  node: JsonNode,
  anchors: readonly Certificate[],
  readFile: ReadFile,
): RevocationList {
  node.only('enabled', 'crl', 'crlFile', 'issuer', 'issuerFile')
  const enabled = node.optional('enabled')?.boolean() ?? true
  const bytes = requiredInlineOrFile(node, 'crl', readFile)
  const hasIssuer = node.optional('issuer') ?? node.optional('issuerFile')
  const issuers = hasIssuer ? parseCertificates(node, 'issuer', readFile) : []
  for (const issuer of issuers) {
    if ('reason' in findPath(issuer, [], anchors, issuer.notBefore)) {
      node.fail('has an issuer that the trust anchor did not issue')
    }
  }
  try {
    return parseRevocationList(bytes, [...anchors, ...issuers], enabled)
  } catch (error) {
    return node.fail('is not a usable CRL', {
      cause: error,
      hint: UNUSABLE_CRL,
    })
  }
}
