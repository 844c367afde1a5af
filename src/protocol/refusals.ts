/** One way in which the service refuses, and what usually lies behind it. */
interface Refusal {
  /** The service's name for the error. */
  readonly type?: RegExp
  /** Its message. Most refusals share one type, so the text is all there is to go by. */
  readonly text?: RegExp
  readonly explanation: Explanation
}

/** Why the service may have refused. */
export interface Explanation {
  /** Stable name, for programs. */
  readonly reason: RefusalReason
  /** What usually lies behind it, the most frequent first. */
  readonly causes: readonly string[]
  /** What to do about the first cause. */
  readonly hint: string
}

/** Stable names of the ways in which the service refuses. */
export type RefusalReason =
  | 'throttled'
  | 'trust-anchor-not-found'
  | 'certificate-untrusted'
  | 'certificate-unfit'
  | 'signature-invalid'
  | 'certificate-revoked'
  | 'profile-not-found'
  | 'role-not-in-profile'
  | 'session-name-not-accepted'
  | 'duration-above-role-maximum'
  | 'session-tags-unmappable'
  | 'assume-role-refused'
  | 'too-many-tags'
  | 'request-invalid'
  | 'resource-not-found'
  | 'service-failed'
  | 'not-from-service'
  | 'unknown'

/** In order: the first row that fits wins, so a longer text stands before the text it contains. */
const REFUSALS: readonly Refusal[] = [
  {
    text: /trust anchor wasn.t found/i,
    explanation: {
      reason: 'trust-anchor-not-found',
      causes: [
        'the trust anchor does not exist, or was deleted',
        'the trust anchor is disabled',
        'the request went to another region than the trust anchor is in',
      ],
      hint: 'check that the trust anchor of --trust-anchor-arn exists and is enabled in that region',
    },
  },
  {
    text: /untrusted sign(ing|ature) certificate/i,
    explanation: {
      reason: 'certificate-untrusted',
      causes: [
        'an intermediate certificate was not sent along',
        'the certificate was issued by another CA than the trust anchor holds',
        'the certificate has expired or is not valid yet',
      ],
      hint: 'give all intermediates with --intermediates, and compare the issuer with the trust anchor',
    },
  },
  {
    text: /insufficient certificate/i,
    explanation: {
      reason: 'certificate-unfit',
      causes: [
        'key usage lacks digitalSignature',
        'basic constraints say that the certificate is a CA',
        'the certificate is signed with SHA-1 or MD5, is not of version 3, or has an empty subject',
      ],
      hint: 'have the certificate issued as an end-entity certificate with key usage digitalSignature',
    },
  },
  {
    text: /invalid signature/i,
    explanation: {
      reason: 'signature-invalid',
      causes: [
        "this machine's clock is wrong by minutes",
        'the private key does not belong to the certificate',
        'a proxy changed the request on its way',
      ],
      hint: 'compare the clock with the real time first, then key and certificate',
    },
  },
  {
    text: /certificate (is |was |has been )?revoked|revoked certificate/i,
    explanation: {
      reason: 'certificate-revoked',
      causes: ['the serial number is in a revocation list imported for the trust anchor'],
      hint: 'have a new certificate issued',
    },
  },
  {
    text: /invalid or empty profile/i,
    explanation: {
      reason: 'profile-not-found',
      causes: [
        'the profile does not exist, or was deleted',
        'the profile is disabled',
        'the profile is in another region than the trust anchor',
        'the profile lists no role',
      ],
      hint: 'check that the profile of --profile-arn exists, is enabled and lists the role',
    },
  },
  {
    text: /role isn.t one of those listed/i,
    explanation: {
      reason: 'role-not-in-profile',
      causes: ['the role was never added to the profile', '--profile-arn names another profile'],
      hint: 'add the role of --role-arn to the profile',
    },
  },
  {
    text: /not authorized to set roleSessionName/i,
    explanation: {
      reason: 'session-name-not-accepted',
      causes: ['the profile does not accept a role session name'],
      hint: 'drop --role-session-name, or set acceptRoleSessionName on the profile',
    },
  },
  {
    text: /exceeds the MaxSessionDuration/i,
    explanation: {
      reason: 'duration-above-role-maximum',
      causes: ["--session-duration is above the role's maximum session duration"],
      hint: "lower --session-duration, or raise the role's maximum session duration",
    },
  },
  {
    text: /attributes failed to be mapped/i,
    explanation: {
      reason: 'session-tags-unmappable',
      causes: [
        'a subject, issuer or SAN attribute holds characters that session tags do not allow',
        'an attribute is longer than a session tag may be',
      ],
      hint: "narrow the profile's attribute mappings, or have the certificate issued with plainer names",
    },
  },
  {
    text: /unable to assume role/i,
    explanation: {
      reason: 'assume-role-refused',
      causes: [
        "the role's trust policy does not name rolesanywhere.amazonaws.com as its principal",
        'the trust policy does not allow sts:TagSession and sts:SetSourceIdentity besides sts:AssumeRole',
        "a condition of the trust policy (aws:SourceArn, aws:PrincipalTag/x509Subject/...) does not fit this certificate's attributes",
        'the role does not exist, or is in another account',
      ],
      hint: "compare the role's trust policy with the certificate: principal, the three sts actions, and conditions",
    },
  },
  {
    type: /^TooManyTags/,
    explanation: {
      reason: 'too-many-tags',
      causes: ['the certificate has more attributes than a session has room for tags'],
      hint: "narrow the profile's attribute mappings",
    },
  },
  {
    type: /^Validation/,
    explanation: {
      reason: 'request-invalid',
      causes: ['a setting is of a form or size that the service does not take'],
      hint: 'compare the settings with what the service says',
    },
  },
  {
    type: /^ResourceNotFound/,
    explanation: {
      reason: 'resource-not-found',
      causes: ['the trust anchor, the profile or the role does not exist'],
      hint: 'check the three ARNs',
    },
  },
]

const THROTTLED: Explanation = {
  reason: 'throttled',
  causes: [
    'more than 10 CreateSession calls per second in this region and account',
    'many processes that each ask for a session of their own',
  ],
  hint: 'share sessions through the cache or the credential server, or have the quota raised',
}

const SERVICE_FAILED: Explanation = {
  reason: 'service-failed',
  causes: ['the service, or something on the way to it, is in trouble'],
  hint: 'try again later',
}

const NOT_FROM_SERVICE: Explanation = {
  reason: 'not-from-service',
  causes: [
    'a proxy, firewall or captive portal answered in place of the service',
    '--endpoint names another server',
  ],
  hint: 'check the proxy settings, the network and --endpoint: the answer does not look like one of IAM Roles Anywhere',
}

const UNKNOWN: Explanation = {
  reason: 'unknown',
  causes: [],
  hint: 'look up what the service says in the IAM Roles Anywhere user guide',
}

/** Names that AWS services give to throttling. `TooManyTagsException` is not one of them. */
const THROTTLING = /^(throttl|toomanyrequests|slowdown|requestthrottled|requestlimitexceeded)/i

/** Whether the service asked for fewer requests, whatever status it did so with. */
export function isThrottling(status: number, type: string | undefined): boolean {
  return status === 429 || (type !== undefined && THROTTLING.test(type))
}

/**
 * Explains a refusal.
 *
 * @param status HTTP status code.
 * @param type The service's name for the error, if it gave one.
 * @param message The service's text, if it gave one.
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-create-session.html
 */
export function explainRefusal(
  status: number,
  type: string | undefined,
  message: string | undefined,
): Explanation {
  if (isThrottling(status, type)) return THROTTLED
  if (status >= 500) return SERVICE_FAILED
  if (type === undefined && message === undefined) return NOT_FROM_SERVICE
  const row = REFUSALS.find(
    (entry) => entry.type?.test(type ?? '') || entry.text?.test(message ?? ''),
  )
  return row?.explanation ?? UNKNOWN
}
