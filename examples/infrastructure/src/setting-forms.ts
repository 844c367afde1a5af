import { TAG_VALUE } from './subject.js'

/** What a setting must be, in words, and a check of it. */
export interface Form {
  readonly is: (value: unknown) => boolean
  readonly name: string
}

const matching =
  (pattern: RegExp) =>
  (value: unknown): boolean =>
    typeof value === 'string' && pattern.test(value)

const text: Form = { is: matching(/./s), name: 'a text' }

const whole = (min: number, max: number): Form => ({
  is: (value) => Number.isInteger(value) && Number(value) >= min && Number(value) <= max,
  name: `a whole number from ${min} to ${max}`,
})

const boolean: Form = { is: (value) => typeof value === 'boolean', name: 'true or false' }

const listOf = (form: Form, max = 1000): Form => ({
  is: (value) => Array.isArray(value) && value.length <= max && value.every(form.is),
  name: `a list of which each element is ${form.name}${max < 1000 ? `, ${max} at most` : ''}`,
})

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const policyDocument: Form = {
  is: (value) => isObject(value) && 'Statement' in value,
  name: 'a policy document with a "Statement"',
}
const account: Form = { is: matching(/^\d{12}$/), name: 'an account of 12 digits' }
const policyArn: Form = {
  is: matching(/^arn:[a-z-]+:iam::(aws|\d{12}):policy\/./),
  name: 'the ARN of a managed policy',
}
const privateCaArn: Form = {
  is: matching(/^arn:[a-z-]+:acm-pca:./),
  name: 'the ARN of a CA of AWS Private CA',
}
const bucketName: Form = {
  is: matching(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/),
  name: 'the name of a bucket, without wildcards',
}
const repositoryName: Form = {
  is: matching(/^[a-z0-9]+([._/-][a-z0-9]+)*$/),
  name: 'the name of a repository, without wildcards',
}
const roleName: Form = { is: matching(/^[\w+=,.@-]{1,64}$/), name: 'the name of a role' }
const email: Form = { is: matching(/^[^\s@]+@[^\s@]+$/), name: 'an address for mail' }

/** One member of the settings: a form, or members of its own. */
export type Members = { readonly [name: string]: Form | Members }

const tagValue: Form = {
  is: matching(TAG_VALUE),
  name: 'a whole value of letters, digits, spaces and _.:/=+-@, without wildcards',
}
const subject: Members = { commonName: tagValue, organizationalUnit: tagValue, uri: tagValue }

/** Every setting that there is. A word that is misspelt must not be passed over. */
export const SETTINGS: Members = {
  name: {
    is: matching(/^[a-zA-Z][a-zA-Z0-9-]{0,22}$/),
    name: 'a name of 23 letters, digits and hyphens at most',
  },
  certificateBundleFile: text,
  privateCaArn,
  revocationListFiles: listOf(text, 2),
  caExpiryDays: whole(1, 360),
  endEntityExpiryDays: whole(1, 360),
  session: {
    durationSeconds: whole(900, 43_200),
    acceptRoleSessionName: boolean,
    managedPolicyArns: listOf(policyArn, 50),
    policy: policyDocument,
  },
  bucketLister: { subject, roleName, bucketName },
  imagePuller: {
    subject,
    roleName,
    repositoryNames: listOf(repositoryName),
    pullThroughPrefix: repositoryName,
  },
  repository: {
    name: repositoryName,
    keptImages: whole(1, 100_000),
    pullAccounts: listOf(account),
  },
  alarms: { caDays: whole(1, 360), email },
  ecrUser: boolean,
}

/** Members that must be there, by their place. */
const NEEDED = [
  ...['name', 'bucketLister', 'bucketLister.subject', 'imagePuller', 'imagePuller.subject'],
  ...['repository', 'repository.name'],
]

/**
 * Holds settings against what they may be.
 *
 * @returns what is wrong with them, naming the place, or `undefined`.
 */
export function whyUnfit(settings: unknown): string | undefined {
  return whyUnfitMembers(settings, SETTINGS, '') ?? whyTooLate(settings as Days)
}

interface Days {
  readonly caExpiryDays?: number
  readonly alarms?: { readonly caDays?: number }
}

/** The metric of the alarm begins with the notices, and not before. */
function whyTooLate({ caExpiryDays = 45, alarms: { caDays = 30 } = {} }: Days): string | undefined {
  return caDays > caExpiryDays
    ? `alarms.caDays (${caDays}) is more than caExpiryDays (${caExpiryDays}), before which there is nothing to see`
    : undefined
}

function whyUnfitMembers(value: unknown, members: Members, place: string): string | undefined {
  const path = (name: string): string => (place === '' ? name : `${place}.${name}`)
  if (!isObject(value)) return `${place === '' ? 'the file' : place} is not an object`
  const missing = Object.keys(members).find(
    (name) => NEEDED.includes(path(name)) && value[name] === undefined,
  )
  if (missing !== undefined) return `${path(missing)} is missing`
  if (members === subject && Object.keys(value).length === 0) {
    return `${place} names nothing, and would let in every certificate of the CA`
  }
  for (const [name, member] of Object.entries(value)) {
    const expected = Object.hasOwn(members, name) ? members[name] : undefined
    if (!expected) return `${path(name)} is not known: ${Object.keys(members).join(', ')}`
    const problem = isForm(expected)
      ? whyNotOfForm(member, expected, path(name))
      : whyUnfitMembers(member, expected, path(name))
    if (problem !== undefined) return problem
  }
  return undefined
}

const isForm = (member: Form | Members): member is Form => typeof member['is'] === 'function'

const whyNotOfForm = (value: unknown, form: Form, place: string): string | undefined =>
  form.is(value) ? undefined : `${place} is not ${form.name}`
