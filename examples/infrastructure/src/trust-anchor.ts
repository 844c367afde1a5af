import { CfnCRL, CfnTrustAnchor } from 'aws-cdk-lib/aws-rolesanywhere'
import { Construct } from 'constructs'

/** Where the CA comes from: PEM text of one or two certificates, or a CA of AWS Private CA. */
export type CertificateAuthority =
  { readonly certificateBundle: string } | { readonly privateCaArn: string }

/** What a {@link TrustAnchor} is made of. */
export interface TrustAnchorProps {
  readonly name: string
  readonly authority: CertificateAuthority
  /** Days before the end of a CA certificate at which events begin; default 45, at most 360. */
  readonly caExpiryDays?: number
  /** The same for certificates of workloads; default 14, because they are replaced often. */
  readonly endEntityExpiryDays?: number
  /** Revocation lists in PEM, at most two. They count from the moment they are imported. */
  readonly revocationLists?: readonly string[]
}

/** A CA that Roles Anywhere believes, with its revocation lists. */
export class TrustAnchor extends Construct {
  readonly arn: string

  constructor(scope: Construct, id: string, props: TrustAnchorProps) {
    super(scope, id)
    const { revocationLists = [] } = props
    if (revocationLists.length > 2) throw new Error('a trust anchor has at most two CRLs')
    const anchor = new CfnTrustAnchor(this, 'Resource', {
      name: props.name,
      enabled: true,
      source: sourceOf(props.authority),
      notificationSettings: [
        notification('CA_CERTIFICATE_EXPIRY', props.caExpiryDays ?? 45),
        notification('END_ENTITY_CERTIFICATE_EXPIRY', props.endEntityExpiryDays ?? 14),
      ],
    })
    this.arn = anchor.attrTrustAnchorArn
    revocationLists.forEach((crlData, index) => {
      new CfnCRL(this, `Crl${index + 1}`, {
        name: `${props.name}-${index + 1}`,
        crlData,
        enabled: true,
        trustAnchorArn: this.arn,
      })
    })
  }
}

function sourceOf(authority: CertificateAuthority): CfnTrustAnchor.SourceProperty {
  if ('privateCaArn' in authority) {
    return { sourceType: 'AWS_ACM_PCA', sourceData: { acmPcaArn: authority.privateCaArn } }
  }
  const x509CertificateData = authority.certificateBundle
  return { sourceType: 'CERTIFICATE_BUNDLE', sourceData: { x509CertificateData } }
}

const notification = (
  event: string,
  threshold: number,
): CfnTrustAnchor.NotificationSettingProperty => ({
  event,
  threshold,
  enabled: true,
  channel: 'ALL',
})
