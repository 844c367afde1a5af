import { RolesAnywhereError } from '../errors.js'
import { knownPartition } from './partitions.js'
import { isRegion, parseRegion } from './region.js'

/** Limit of the CreateSession API for each of its ARNs. */
const MAX_LENGTH = 1011

/** An Amazon Resource Name, taken apart. */
export interface Arn {
  readonly partition: string
  readonly service: string
  /** Empty for global services such as IAM. */
  readonly region: string
  /** Twelve digits, or empty. */
  readonly account: string
  /** Everything after the fifth colon. */
  readonly resource: string
}

/**
 * Takes an ARN apart. Says nothing about what it should name.
 *
 * @param what Names the value in errors, for example `profile ARN (--profile-arn)`.
 * @throws RolesAnywhereError `ERR_RA_ARN_INVALID`.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
 */
export function parseArn(text: string, what: string): Arn {
  const refuse = (problem: string, hint: string): RolesAnywhereError =>
    new RolesAnywhereError('ERR_RA_ARN_INVALID', `${what}: ${problem}`, { hint })
  if (text.length > MAX_LENGTH) {
    throw refuse(`longer than ${MAX_LENGTH} characters`, 'copy the ARN alone')
  }
  if (/[^\u0021-\u007e]/.test(text)) {
    throw refuse(
      'holds a space, a line break or another character that no ARN has',
      'copy the ARN alone, without quotes, spaces and line breaks',
    )
  }
  const [scheme, partition = '', service = '', region = '', account = '', ...rest] = text.split(':')
  const resource = rest.join(':')
  if (scheme !== 'arn' || !/^aws(-[a-z0-9]+)*$/.test(partition) || !service || !resource) {
    throw refuse('not an ARN', 'an ARN has the form arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE')
  }
  if (region && !isRegion(region)) {
    throw refuse(
      'the fourth field is not a region',
      'a region is written like eu-central-1, in lower case',
    )
  }
  if (account && !/^\d{12}$/.test(account)) {
    throw refuse('the fifth field is not an account', 'an account is twelve digits, no dashes')
  }
  return { partition, service, region, account, resource }
}

/** The three ARNs of a session, and the region where one was set. */
export interface TargetParams {
  readonly trustAnchorArn: string
  readonly profileArn: string
  readonly roleArn: string
  /** Default: the trust anchor's. */
  readonly region?: string | undefined
}

/** Where a session comes from. Its fields can be handed to `endpointFor` as they are. */
export interface Target {
  readonly partition: string
  /** The real region: what the credential scope says. */
  readonly region: string
  /** Whether the region was written as a FIPS pseudo-region. */
  readonly useFips: boolean
  /** The account of trust anchor, profile and role. */
  readonly account: string
}

interface Kind {
  readonly what: string
  readonly service: string
  readonly prefix: string
  readonly form: string
}

const TRUST_ANCHOR: Kind = {
  what: 'trust anchor ARN (--trust-anchor-arn)',
  service: 'rolesanywhere',
  prefix: 'trust-anchor/',
  form: 'arn:aws:rolesanywhere:REGION:ACCOUNT:trust-anchor/ID',
}
const PROFILE: Kind = {
  what: 'profile ARN (--profile-arn)',
  service: 'rolesanywhere',
  prefix: 'profile/',
  form: 'arn:aws:rolesanywhere:REGION:ACCOUNT:profile/ID',
}
const ROLE: Kind = {
  what: 'role ARN (--role-arn)',
  service: 'iam',
  prefix: 'role/',
  form: 'arn:aws:iam::ACCOUNT:role/NAME',
}

const KINDS = { trustAnchorArn: TRUST_ANCHOR, profileArn: PROFILE, roleArn: ROLE } as const

/**
 * Takes one of the three ARNs apart.
 *
 * @throws RolesAnywhereError `ERR_RA_ARN_INVALID` when it is malformed or names something else.
 */
export function parseTargetArn(name: keyof typeof KINDS, text: string): Arn {
  return parseKind(text, KINDS[name])
}

/**
 * Checks that trust anchor, profile and role are such and belong together, and says where to go.
 * A region that was set wins over the trust anchor's.
 *
 * @throws RolesAnywhereError `ERR_RA_ARN_INVALID` when an ARN is malformed or names something else;
 *   `ERR_RA_ARN_MISMATCH` when partition, region or account of two of them differ;
 *   `ERR_RA_SETTING_INVALID` when the region that was set is no region.
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-create-session.html
 */
export function resolveTarget(params: TargetParams): Target {
  const anchor = parseKind(params.trustAnchorArn, TRUST_ANCHOR)
  const profile = { arn: parseKind(params.profileArn, PROFILE), kind: PROFILE }
  const role = { arn: parseKind(params.roleArn, ROLE), kind: ROLE }
  const samePartition = 'take all three ARNs from the same AWS partition'
  agree('partition', anchor, profile, samePartition)
  agree('partition', anchor, role, samePartition)
  agree('region', anchor, profile, 'use a profile of the region that holds the trust anchor')
  agree('account', anchor, profile, 'use a profile of the account that holds the trust anchor')
  agree(
    'account',
    anchor,
    role,
    'use a role of the same account; from there, assume the role of the other account',
  )

  const home = knownPartition(anchor.region)
  if (home && home.name !== anchor.partition) {
    throw new RolesAnywhereError(
      'ERR_RA_ARN_MISMATCH',
      `${TRUST_ANCHOR.what}: region ${anchor.region} is not in partition ${anchor.partition}`,
      { hint: `ARNs of that region begin with arn:${home.name}:` },
    )
  }
  const { partition, account } = anchor
  return { partition, account, ...parseRegion(params.region ?? anchor.region) }
}

function parseKind(text: string, kind: Kind): Arn {
  const arn = parseArn(text, kind.what)
  const { service, resource, account, region } = arn
  // IAM is global: a role's ARN has no region, the other two always have one.
  const regionFits = kind.service === 'iam' ? region === '' : region !== ''
  const isKind = service === kind.service && resource.startsWith(kind.prefix)
  if (isKind && resource.length > kind.prefix.length && regionFits && account) return arn
  const other = [TRUST_ANCHOR, PROFILE, ROLE].find(
    (candidate) => service === candidate.service && resource.startsWith(candidate.prefix),
  )
  const swapped = other && other !== kind ? `; this one is for the ${other.what}` : ''
  throw new RolesAnywhereError(
    'ERR_RA_ARN_INVALID',
    `${kind.what}: not of the form that it must have`,
    {
      hint: `the form is ${kind.form}${swapped}`,
    },
  )
}

function agree(
  field: 'partition' | 'region' | 'account',
  anchor: Arn,
  { arn, kind }: { readonly arn: Arn; readonly kind: Kind },
  hint: string,
): void {
  if (arn[field] === anchor[field]) return
  throw new RolesAnywhereError(
    'ERR_RA_ARN_MISMATCH',
    `${kind.what}: ${field} ${arn[field]} is not that of the ${TRUST_ANCHOR.what}, ${anchor[field]}`,
    { hint },
  )
}
