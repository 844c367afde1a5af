const ACCOUNT = '123456789012'
const REGION = 'eu-central-1'

/** The names of what would be set up in AWS. */
export const ARNS = {
  trustAnchor: `arn:aws:rolesanywhere:${REGION}:${ACCOUNT}:trust-anchor/0c5e0b2a-6c1f-4a39-9a53-3f6f1d1f7a01`,
  profile: `arn:aws:rolesanywhere:${REGION}:${ACCOUNT}:profile/7f0a1c52-90f4-4c56-8a55-5a0d8e6f2b02`,
  role: `arn:aws:iam::${ACCOUNT}:role/bucket-lister`,
} as const

/** Region of the demo. */
export const DEMO_REGION = REGION

/**
 * The state of the emulator: what an administrator would have set up in AWS. The role trusts only
 * certificates of the trust anchor whose organizational unit is `payments`, and may only list buckets.
 *
 * @param trustAnchorFile Path of the CA certificate.
 */
export function lookAlikeState(trustAnchorFile: string): object {
  return {
    trustAnchors: [{ arn: ARNS.trustAnchor, certificateFile: trustAnchorFile }],
    profiles: [{ arn: ARNS.profile, roleArns: [ARNS.role] }],
    roles: [
      {
        arn: ARNS.role,
        trustPolicy: {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Principal: { Service: 'rolesanywhere.amazonaws.com' },
              Action: ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'],
              Condition: {
                ArnEquals: { 'aws:SourceArn': ARNS.trustAnchor },
                StringEquals: { 'aws:PrincipalTag/x509Subject/OU': 'payments' },
              },
            },
          ],
        },
        policies: [
          {
            Version: '2012-10-17',
            Statement: [{ Effect: 'Allow', Action: 's3:ListAllMyBuckets', Resource: '*' }],
          },
        ],
      },
    ],
    buckets: [{ name: 'invoices-2026' }, { name: 'receipts-2026' }, { name: 'reports' }],
  }
}
