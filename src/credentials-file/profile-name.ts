import { RolesAnywhereError } from '../errors.js'

/** Far beyond any name in use. */
const MAX_LENGTH = 256

/** Words with single spaces between them; none may pass for a bracket or a comment. */
const NAME = /^[^\s[\]#;\p{C}][^\s[\]\p{C}]*( [^\s[\]#;\p{C}][^\s[\]\p{C}]*)*$/u

/** boto3 and the AWS CLI give the keys of the one to all profiles; JavaScript refuses a file with the other. */
const RESERVED = ['DEFAULT', '__proto__', 'profile __proto__']

/**
 * Refuses names that a section header cannot hold, or that mean something else there.
 *
 * @throws RolesAnywhereError `ERR_RA_FLAG_INVALID`.
 */
export function requireProfileName(name: string): void {
  if (NAME.test(name) && name.length <= MAX_LENGTH && !RESERVED.includes(name)) return
  throw new RolesAnywhereError(
    'ERR_RA_FLAG_INVALID',
    'flag --profile is not the name of a profile',
    {
      hint: RESERVED.includes(name)
        ? 'that name is reserved; the default profile is "default", in lower case'
        : 'use letters, digits, dots, hyphens and underscores, without brackets',
    },
  )
}
